from pathlib import Path

from lola.analysis.metrics import Estimate as Estimate
from lola.python.catalogue import algorithms as algorithms
from lola.python.catalogue import games as games
from lola.python.catalogue import opponent_models as opponent_models
from lola.python.comparison import compare as compare
from lola.python.players import Played as Played
from lola.python.players import Players as Players
from lola.python.results import groups as groups
from lola.python.results import load as load
from lola.python.runs import Runs as Runs
from lola.python.training import train as train
from lola.vocabulary.errors import BadConfig as BadConfig

INFO: Path
OFFERED: dict[str, str]
