"""What is logged of a game: its cells, the aggregate run with figures and tables, the experiment's note and views."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from pathlib import Path

from lola.files.artifacts import canonical, sha256
from lola.files.cells import read_manifest
from lola.tracking import runs, store, views
from lola.tracking.client import open_client
from lola.tracking.experiment import EXPERIMENT, Experiment, GameRuns, Run, Wanted, open_game
from lola.vocabulary import measures, registry
from lola.vocabulary.names import Cell


def log_cells(root: str | Path, game: str, curves: list[str], about: runs.About) -> tuple[dict[str, str], int]:
    """Log every cell of a game whose run is missing or differs: run ids by cell, and how many were logged.

    The curves are all that the study has of the game: runs of other cells are deleted.

    Raises Unavailable, or ValueError for a cell whose files are not as they were written.
    """
    manifests = {curve: read_manifest(curve) for curve in curves}
    with open_game(root, game) as log:
        found = log.sweep()
        before = {run.info.run_id for run in chain(*found.values())}
        logged = log.log_cells(manifests, about, found)
        log.forget_cells(found, logged)
        describe_cells(log, manifests.values(), about)
    return logged, len({*logged.values()} - before)


def log_ended(log: GameRuns, curves: Iterable[str | Path], about: runs.About) -> None:
    """Log cells whose jobs have just ended; what can't be read waits for `log_cells`."""
    groups = defaultdict(dict)
    for curve in curves:
        with suppress(FileNotFoundError, ValueError):
            cell = Cell.at(curve)
            groups[cell.instead(cell.algorithm)][str(curve)] = read_manifest(curve)
    for group, manifests in groups.items():
        where = f"tags.algorithm = '{group.algorithm}' AND tags.opponent_model = '{group.opponent_model}'"
        log.log_cells(manifests, about, log.sweep(where))
    if views.TAG + views.TABLE not in log.experiment.tags:
        describe_cells(log, chain(*(manifests.values() for manifests in groups.values())), about)


def describe_cells(log: GameRuns, manifests: Iterable[dict], about: runs.About) -> None:
    """Save the table of the game's runs, and a note until that of its figures is there."""
    measured = {metric: None for manifest in manifests for metric in ends(manifest["spec"])}
    log.describe(views.table(measured, log.experiment.creation_time))
    if views.FIGURES not in log.experiment.tags:
        log.describe(views.note(*named(log), {}, about.command))


def ends(spec: dict) -> Iterator[str]:
    """The metrics that say what came out of a cell with a spec."""
    course = registry.course(spec)
    if course in ("consistency", "networks"):
        return
    if course == "coin_game":
        yield measures.OWN_COLOUR
    for player in range(1, len(spec["seats"]) + 1):
        yield runs.metric_name(str(player), runs.BEST if spec["grid"] else measures.RETURN)


def named(log: GameRuns) -> tuple[str, str, str]:
    """A game, its study and its experiment."""
    study, _, game = log.experiment.name.partition("/")
    return game, study, log.experiment.experiment_id


def log_aggregate(root: str | Path, game: str, figures: dict[str, dict], files: list[str], about: runs.About) -> str:
    """Log figures and tables as the game's aggregate run, then the experiment's note and saved views: the run's id.

    `figures` holds each figure's kind, groups and rank among all of the study; `files` lie in folders figures and
    tables. Raises Unavailable.
    """
    contents = {f"{file.parent.name}/{file.name}": file.read_bytes() for file in map(Path, files)}
    ranked = sorted(figures, key=lambda figure: figures[figure]["rank"])
    with open_game(root, game) as log:
        found = log.sweep()
        cells = [run for run in chain(*found.values()) if run.data.tags.get("kind") in ("curve", "map")]
        summary = final_means(cells)
        told = {"kind": "aggregate", "game": game, "mlflow.source.name": "lola.commands.show"}
        told |= {"mlflow.note.content": f"Figures and tables that show *{game}*. `{about.command}` makes them again."}
        content = runs.Content(told, {"figures": ", ".join(ranked)}, summary, contents)
        digests = [[name, sha256(held)] for name, held in contents.items()]
        identity = {"cell": f"{game}/aggregate", "manifest": sha256(canonical([digests, content.params, summary]))}
        identity |= {"logging": about.code}
        wanted = Wanted("aggregate", identity, "FINISHED", lambda: content)
        aggregate = log.ensure([wanted], found)[wanted.cell]
        ranks = {figure: figures[figure]["rank"] for figure in ranked}
        tags = {views.FIGURES: canonical(ranks), views.AGGREGATE: aggregate}
        lines = [figure for figure in ranked if figures[figure]["kind"] not in views.PICTURES]
        shown = {figure: shown_in(figures[figure]["groups"], cells) for figure in lines}
        log.mark_shown(cells, shown)
        for figure, its in shown.items():
            metrics = sorted({key for run in its for key in run.data.metrics})
            groups = sorted({run.data.tags["group"] for run in its})
            tags |= views.view(figure, groups, metrics, log.experiment.creation_time)
        number, tags = log.experiment.experiment_id, log.describe(tags)
        linked = {views.figure_title(figure): views.figure_link(number, tags, figure) for figure in ranked}
        log.describe(views.note(*named(log), linked, about.command))
        log.forget_views(kept=tags)
        return aggregate


def shown_in(groups: list[str] | None, cells: list[Run]) -> list[Run]:
    """The runs of groups (None: every curve) that the view of a figure has room for."""
    of_figure = (run.data.tags["cell"] for run in cells if groups is not None or run.data.tags["kind"] == "curve")
    page = views.page(cell for cell in of_figure if groups is None or Cell.at(cell).group in groups)
    return [run for run in cells if run.data.tags["cell"] in page]


def forget_games(root: str | Path, kept: list[str]) -> None:
    """Delete the experiments of games that the study no longer has; that of one that comes back is restored.

    Only in the study's own store, where nobody else writes experiments of these names. Raises Unavailable.
    """
    if not store.is_own(root):
        return
    names = {store.experiment_name(root, game) for game in kept}
    for experiment in experiments(root):
        if experiment.name.startswith(store.experiment_name(root, "")) and experiment.name not in names:
            with open_client(root) as client:
                client.delete_experiment(experiment.experiment_id)
    for marker in store.markers(root):
        if store.game_of(marker) not in kept:
            marker.unlink()


def final_means(cells: list[Run]) -> list[tuple[str, int, float]]:
    """Per group and agent, the mean over seeds of the return at the end; of a Coin Game also own-colour shares."""
    returns = defaultdict(list)
    for run in cells:
        for key, value in run.data.metrics.items():
            final = views.is_return(key) or key.rpartition("/")[2] == measures.OWN_COLOUR
            if final and run.info.status == "FINISHED":
                of = "/".join(runs.FORBIDDEN.sub(".", run.data.tags[tag]) for tag in ("algorithm", "opponent_model"))
                returns[f"{of}/{key}"].append(value)
    return [(key, 0, sum(values) / len(values)) for key, values in sorted(returns.items())]


def experiments(root: str | Path) -> list[Experiment]:
    """Those of all studies in the store, by name. Raises Unavailable."""
    ours = f"tags.project = '{EXPERIMENT['project']}'"
    with open_client(root) as client:
        return client.search_experiments(filter_string=ours, order_by=["name ASC"])


def links(root: str | Path) -> dict[str, str]:
    """Addresses in the UI by the titles of what they show. Raises Unavailable.

    Tables of this study's runs, what is being trained, its figures by rank; then tables of other studies in the store.
    """
    known, study = experiments(root), store.experiment_name(root, "")
    mine = [each for each in known if each.name.startswith(study)]
    mine.sort(key=lambda each: min(views.ranks(each.tags).values(), default=math.inf))
    live = [each for each in mine if views.TAG + views.TRAINING in each.tags]
    ranked = [
        (rank, each.name, views.figure_title(figure), views.figure_link(each.experiment_id, each.tags, figure))
        for each in mine
        for figure, rank in views.ranks(each.tags).items()
    ]
    return {
        **{f"{each.name}, all runs": views.table_link(each.experiment_id) for each in mine},
        **{f"{each.name}, Training": views.link(each.experiment_id, views.TRAINING) for each in live},
        **{f"{name}, {title}": address for _, name, title, address in sorted(ranked, key=itemgetter(0))},
        **{f"{each.name}, all runs": views.table_link(each.experiment_id) for each in known if each not in mine},
    }
