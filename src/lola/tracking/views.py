"""What the MLflow UI opens on: an experiment's note, a table of its runs, and one view per figure, grouped over seeds.

A view is a tag of the experiment, the page's state in JSON, in an undocumented format of MLflow 3.17, which is pinned.
"""

import base64
import json
import re
import zlib
from collections.abc import Iterable
from contextlib import suppress
from itertools import accumulate

from lola.tracking.runs import BEST
from lola.vocabulary import measures
from lola.vocabulary.names import Cell

TAG = "mlflow.sharedViewState."
LIMIT = 5_000  # characters of a tag, the least that servers in use take
FIGURES, AGGREGATE = "lola.figures", "lola.aggregate"  # tags: the ranks of an experiment's figures, the run with them
OTHER_WORDS = 1500  # characters of an experiment's note without its links to figures, at most
SHOWN = "shown in "  # with a figure's name a tag of the runs that it shows
TABLE, TRAINING = "runs", "training"  # the views of all runs, and of those that are being trained
PICTURES = ("map", "crosstable", "episode", "exploration")  # kinds of figures that no lines over steps stand for
PAGE = 100  # in runs: of more than these, whole groups would be missing from a view
AXES = {"xAxisKey": "step", "xAxisScaleType": "linear", "scaleType": "linear", "yAxisKey": "metric", "range": {}}
LINES = {"yAxisExpressions": [], "lineSmoothness": 0, "useGlobalXaxisKey": True, "useGlobalLineSmoothing": True}
KEPT = {"deleted": False, "isGenerated": False}  # of sections and charts
ML = "workflowType=machine_learning"  # without it the UI opens in its mode for language models


def view(figure: str, groups: list[str], metrics: list[str], time: int, refreshed: bool = False) -> dict[str, str]:
    """The tag that shows `figure`, a line per group in each of `metrics`; made at `time` (ms), kept `refreshed`.

    Charts that are too many for a tag are left out, first those of policies and parameters, then all but returns; the
    UI adds these below, in sections without our titles.
    """
    state = {
        "searchFilter": f"tags.`{run_tag(figure)}` = 'true'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": "group"}]},
        "groupsExpanded": {f"tag.group.{group}": False for group in groups},
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "SHOW_ALL",
        "autoRefreshEnabled": refreshed,
        "selectedColumns": ["params.`algorithm`", "params.`opponent_model`", "params.`seed`"],
        "isAccordionReordered": True,
    }
    metrics = sorted(metrics, key=lambda metric: ("/" in metric, metric))  # nobody's first: a Coin Game's shares
    for kept in (metrics, [*filter(is_no_policy, metrics)], [*filter(is_return, metrics)], []):
        shown = {"compareRunSections": sections(figure, kept), "compareRunCharts": charts(kept)}
        tag = saved(figure, state | shown, time)
        if len(tag[TAG + figure]) <= LIMIT:
            return tag
    return saved(figure, state | shown | {"groupsExpanded": {}}, time)


def table(measured: Iterable[str], time: int) -> dict[str, str]:
    """The tag that shows all cells as a table: who learns, with which opponent model and seed, and what came out."""
    asked = {"params.`algorithm`": 110, "params.`opponent_model`": 80, "params.`seed`": 55}
    asked |= {f"metrics.`{metric}`": 90 for metric in measured} | {"tags.`status`": 80}
    always = {"attributes.`Run Name`": 165, "runDateAndNestInfo": 50}  # of the date its sign for success
    widths = always | asked | {"duration": 80}  # in pixels
    state = {
        "searchFilter": "tags.kind != 'aggregate'",
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": True,
        "autoRefreshEnabled": False,
        "selectedColumns": [*asked],
        "columnOrder": [*widths],
        "columnWidths": widths,
    }
    return saved(TABLE, state, time)


def saved(name: str, state: dict, time: int) -> dict[str, str]:
    """The tag of a view, made at `time` (ms); compressed as by the UI, a tenth as long."""
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()
    named = {"name": figure_title(name), "createdAt": time, "updatedAt": time, "state": f"deflate;{packed}"}
    return {TAG + name: json.dumps(named)}


def note(game: str, study: str, experiment_id: str, links: dict[str, str], command: str) -> dict[str, str]:
    """The tag that holds the text of the experiment's page, in Markdown; `links` are of the figures that are drawn.

    Links that are too many for a tag are left out.
    """
    table = f"[A table of its runs]({table_link(experiment_id)[1:]})"
    linked = [f"[{title}]({address[1:]})" for title, address in links.items()]
    fits = sum(length < LIMIT - OTHER_WORDS for length in accumulate(len(link) + 2 for link in linked))
    listed = ", ".join(linked[:fits] + ["…"] * (fits < len(linked))) or "none yet"
    paragraphs = (
        f"**{game}**, from the study in `{study}`. {table}, one per cell: algorithm, opponent model, seed. They appear "
        "as their training jobs end; figures and tables, in the run *aggregate*, when the game is through.",
        f"Figures: {listed}. Lines are means over the first seeds of each group, as many as the page loads at once, "
        "and their bands go from the least of these to the most; in the figures themselves bands are 95 % intervals of "
        "the mean over all seeds. A step is an update, in a tournament an episode.",
        f"The study's files are the truth and these runs a copy. Change the config and run `{command}`: what depends "
        "on the change is trained and logged again.",
    )
    return {"mlflow.note.content": "\n\n".join(paragraphs)[:LIMIT]}


def page(cells: Iterable[str]) -> set[str]:
    """The first seeds of every group, as many of each as fit on what the UI loads at once; one at least."""
    groups = {}
    for cell in cells:
        groups.setdefault(Cell.at(cell).group, []).append(Cell.at(cell))
    most = max(1, PAGE // max(1, len(groups)))
    return {cell.name for cells in groups.values() for cell in sorted(cells, key=lambda cell: cell.seed)[:most]}


def link(experiment_id: str, view: str, mode: str = "CHART") -> str:
    """The part of the address that opens a view, as a CHART or a TABLE."""
    return f"/#/experiments/{experiment_id}/runs?{ML}&viewStateShareKey={view}&compareRunsMode={mode}"


def table_link(experiment_id: str) -> str:
    return link(experiment_id, TABLE, "TABLE")


def figure_link(experiment_id: str, tags: dict[str, str], figure: str) -> str:
    """The part of the address that opens a figure's view or, if the experiment's tags have none, its picture."""
    if TAG + figure in tags:
        return link(experiment_id, figure)
    return f"/#/experiments/{experiment_id}/runs/{tags[AGGREGATE]}/artifacts/figures/{figure}.png?{ML}"


def ranks(tags: dict[str, str]) -> dict[str, int]:
    """The places of an experiment's figures among all of its study, by its tags."""
    with suppress(ValueError):
        return json.loads(tags.get(FIGURES, "{}"))
    return {}


def figure_title(figure: str) -> str:
    """figure1 → Figure 1, figure-a3-ipd → Figure a3 ipd."""
    return re.sub(r"(?<=[a-z]{2})(?=\d)|[_-]", " ", figure).capitalize()


def run_tag(figure: str) -> str:
    """The tag of the runs that a figure shows; a search can't list several values of one tag."""
    return f"{SHOWN}{figure}"


def sections(figure: str, metrics: list[str]) -> list[dict]:
    """One for the coins of a Coin Game, one for returns, one per agent's policy or parameters, one for clones."""
    title, found = figure_title(figure), {section(metric) for metric in metrics} | {"returns"}
    titles = {"coins": f"{title}: own-colour share, points, coins", "returns": f"{title}: returns"}
    policies = {metric.partition("/")[0] for metric in metrics if is_policy(metric)}
    for agent in sorted(found - {"coins", "returns", "clones"}):
        titles[agent] = f"{'Policy' if agent in policies else 'Parameters'} of {agent}"
    titles["clones"] = "Models of opponents: how likely, how far from the truth"
    shown = {"display": True, "isReordered": True} | KEPT
    return [{"uuid": uuid, "name": name} | shown for uuid, name in titles.items() if uuid in found]


def charts(metrics: list[str]) -> list[dict]:
    """One line chart per metric over steps; of a metric that has none, the UI adds one in a section of its own."""
    return [
        {
            "uuid": f"chart-{metric}",
            "type": "LINE",
            "metricSectionId": section(metric),
            "metricKey": metric,
            "selectedMetricKeys": [metric],
            "runsCountToCompare": PAGE,
            "displayPoints": False,
            "ignoreOutliers": False,
            **AXES,
            **LINES,
            **KEPT,
        }
        for metric in metrics
    ]


def section(metric: str) -> str:
    """The section of a metric: coins, returns, clones, or the agent whose policy it is of."""
    agent, _, name = metric.partition("/")
    if name.startswith("clone of "):
        return "clones"
    if measures.OWN_COLOUR in (agent, name) or name in measures.OF_COIN_GAME[1:]:
        return "coins"
    return "returns" if is_return(metric) or not name else agent


def is_return(metric: str) -> bool:
    return metric.rpartition("/")[2] in (measures.RETURN, BEST)


def is_policy(metric: str) -> bool:
    name = metric.partition("/")[2]
    return bool(measures.probable(name) or measures.shared(name))


def is_no_policy(metric: str) -> bool:
    """Whether a metric is in one of the sections that are no single agent's."""
    return section(metric) in ("coins", "returns", "clones")
