"""After how many updates, and at which of several settings, learners come nearest to all that the paper prints."""

from lola.analysis.maps import fit
from lola.analysis.sources import Sources
from lola.tables import settings
from lola.tables.table import Table
from lola.vocabulary.names import GroupName


def tabulate(sources: Sources, *, options: dict[str, list[str]]) -> Table:
    """The updates that come nearest to the paper's numbers of all groups of an option together."""

    groups = {
        option: [sources.groups[GroupName.read(name, sources.opponent_model).name] for name in names]
        for option, names in options.items()
    }
    return settings.table(sources, fit(groups, sources.ledger), "")
