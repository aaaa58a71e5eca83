"""What the MLflow UI opens on: an experiment's note, and one saved view per figure, its runs grouped over seeds.

A view is a tag of the experiment, the page's state in JSON, in an undocumented format of MLflow 3.17, which is pinned.
"""

import json
import re
from collections.abc import Iterable

from lola.tracking.runs import BEST, DIVERGED
from lola.vocabulary import measures
from lola.vocabulary.names import Cell

TAG = "mlflow.sharedViewState."
PAGE = 100  # in runs: of more than these, whole groups would be missing from a view
AXES = {"xAxisKey": "step", "xAxisScaleType": "linear", "scaleType": "linear", "yAxisKey": "metric", "range": {}}
LINES = {"yAxisExpressions": [], "lineSmoothness": 0, "useGlobalXaxisKey": True, "useGlobalLineSmoothing": True}
KEPT = {"deleted": False, "isGenerated": False}  # of sections and charts
ML = "workflowType=machine_learning"  # without it the UI opens in its mode for language models


def view(figure: str, groups: list[str], metrics: list[str], time: int, refreshed: bool = False) -> dict[str, str]:
    """The tag that shows `figure`, a line per group in each of `metrics`; made at `time` (ms), kept `refreshed`."""
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
        "compareRunSections": sections(figure, metrics),
        "compareRunCharts": charts(metrics),
    }
    named = {"name": figure_title(figure), "createdAt": time, "updatedAt": time, "state": json.dumps(state)}
    return {TAG + figure: json.dumps(named)}


def note(game: str, study: str, experiment_id: str, figures: Iterable[str]) -> dict[str, str]:
    """The tag that holds the text of the experiment's page, in Markdown."""
    links = [f"[{figure_title(figure)}]({link(experiment_id, figure)[1:]})" for figure in figures]
    text = (
        f"**{game}**, from the study in `{study}`. One run per cell: algorithm, opponent model, seed. Grouped over "
        f"seeds: {', '.join(links) or 'no figure'}; these show the first seeds of each group, as many as the page "
        "loads at once. The run *aggregate* holds the figures and tables.\n\n"
        "The study's files are the truth and these runs a copy. Change the config and run `make reproduce`: what "
        "depends on the change is trained and logged again."
    )
    return {"mlflow.note.content": text}


def page(cells: Iterable[str]) -> set[str]:
    """The first seeds of every group, as many of each as fit on what the UI loads at once; one at least."""
    groups = {}
    for cell in cells:
        groups.setdefault(Cell.at(cell).group, []).append(Cell.at(cell))
    most = max(1, PAGE // max(1, len(groups)))
    return {cell.name for cells in groups.values() for cell in sorted(cells, key=lambda cell: cell.seed)[:most]}


def link(experiment_id: str, figure: str) -> str:
    """The part of the address that opens the view."""
    return f"/#/experiments/{experiment_id}/runs?{ML}&viewStateShareKey={figure}&compareRunsMode=CHART"


def figure_title(figure: str) -> str:
    """figure1 → Figure 1, figure-a3-ipd → Figure a3 ipd."""
    return re.sub(r"(?<=[a-z]{2})(?=\d)|[_-]", " ", figure).capitalize()


def run_tag(figure: str) -> str:
    """The tag of the runs that a figure shows; a search can't list several values of one tag."""
    return f"shown in {figure}"


def sections(figure: str, metrics: list[str]) -> list[dict]:
    """One for the coins of a Coin Game, one for returns, one per player's policy or parameters, one for clones."""
    title, found = figure_title(figure), {section(metric) for metric in metrics} | {"returns"}
    titles = {"coins": f"{title}: own-colour share, points, coins", "returns": f"{title}: returns"}
    named = [metric.partition("/") for metric in metrics]
    policies = {player for player, _, name in named if measures.probable(name) or measures.shared(name)}
    for player in sorted(found - {"coins", "returns", "clones"}):
        titles[player] = f"{'Policy' if player in policies else 'Parameters'} of {player}"
    titles["clones"] = "Models of opponents: how likely, how far from the truth"
    shown = {"display": True, "isReordered": True} | KEPT
    return [{"uuid": uuid, "name": name} | shown for uuid, name in titles.items() if uuid in found]


def charts(metrics: list[str]) -> list[dict]:
    """One line chart per metric over steps. Every metric needs one, or the UI adds sections of its own."""
    return [
        {
            "uuid": f"chart-{metric}",
            "type": "BAR" if metric.endswith((BEST, DIVERGED)) else "LINE",
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
    """The section of a metric: coins, returns, clones, or the player whose policy it is of."""
    player, _, name = metric.partition("/")
    if measures.clone(name):
        return "clones"
    if measures.OWN_COLOUR in (player, name) or name in measures.OF_COIN_GAME[1:]:
        return "coins"
    return "returns" if name.endswith(measures.RETURN) or not name else player
