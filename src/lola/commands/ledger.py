"""Read off git when each rule of a paper's claims was fixed: `python -m lola.commands.ledger`.

In:  the history of every file of claims, and of what docs/ published: verdicts, and the digests of groups.
Out: the ledger beside that file, a line per claim and rule: the commit that first had the rule, its date, and what was
     known by then: the verdict by an earlier rule; or `its runs`, if their results were published before; or nothing. A
     rule goes by a digest of all that decides the claim.
"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import yaml

from lola.analysis.paper import PARTS, names_of, parsed
from lola.analysis.verdicts import NOT_RUN
from lola.files import environment
from lola.files.artifacts import canonical, sha256, write_whole
from lola.files.plain_yaml import PlainLoader
from lola.study import papers
from lola.study.fingerprints import fingerprints
from lola.vocabulary.names import GroupName

# What turns runs into a verdict, and the number of a deterministic claim into one. A digest of each stands in the files
# with such claims, so that another way is another rule.
DECIDES = (
    ("lola.analysis.verdicts", "kinds"),
    *(("lola.analysis.intervals", name) for name in ("of_mean", "of_share", "of_rank", "percentile")),
    ("lola.analysis.maps", "Fit"),
)
DECIDES_BY_NUMBER = (("lola.analysis.deterministic", "kind"), ("lola.analysis.deterministic", "worst"))
COLUMNS = ("claim", "rule", "commit", "date", "known")
OLD_WORDS = ("id", "sentence", "source", "certainty")  # of a claim before there were sections, which decide nothing
LENGTH = 10  # of a commit's name


def main() -> None:
    for paper, folder in papers.papers().items():
        for claims in sorted(folder.glob("claims*.yaml")):
            try:
                lines = history(claims, papers.DOCS / paper / f"{claims.stem}.csv", papers.digests_file(paper))
            except subprocess.CalledProcessError as error:
                sys.exit(f"git has no history here: {error.stderr.strip()}")
            write_whole(papers.history_file(claims), text(lines))


def code() -> str:
    """A digest of the code that decides."""
    return sha256(canonical(fingerprints(*DECIDES)))[:12]


def code_deterministic() -> str:
    """A digest of the code that decides deterministic claims."""
    return sha256(canonical(fingerprints(*DECIDES_BY_NUMBER)))[:12]


def history(claims: Path, verdicts: Path, digests: Path) -> list[dict[str, str]]:
    """A line per claim and rule, in the order of the commits that fixed them."""
    known, trained, latest, found = {}, set(), {}, []
    for commit, date, path in changes(claims, verdicts, digests):
        content = git("show", f"{commit}:{path}")
        if path.endswith(digests.name):
            trained |= {GroupName.at(line["group"]) for line in csv.DictReader(StringIO(content))}
        elif path.endswith(".csv"):
            lines = csv.DictReader(StringIO(content))
            known |= {line["claim"]: line["verdict"] for line in lines if line["verdict"] != NOT_RUN}
        else:
            for claim, rule, measures in rules(content):
                seen = known.get(claim) or ("its runs" if any(map(partial(shows, measures), trained)) else "")
                if latest.get(claim) != rule:  # also one that had been left for another
                    found.append(dict(zip(COLUMNS, (claim, rule, commit[:LENGTH], date, seen), strict=True)))
                latest[claim] = rule
    return found


def shows(measures: list[dict], group: GroupName) -> bool:
    """Whether a claim with these measures is about a group."""
    match = (group.game, group.matchup.tournament, group.opponent_model)
    return any(
        match == (measure["game"], measure["tournament"], measure.get("opponent_model", "oracle"))
        if "tournament" in measure
        else group.name in names_of(measure)
        for measure in measures
    )


def changes(*paths: Path) -> Iterator[tuple[str, str, str]]:
    """Every commit that changed one of the files, the first one first, with its date and the path that it had there."""
    seen = {}
    for path in paths:
        log = git("log", "--follow", "--name-only", "--format=%x00%H %cs", "--", str(path))
        for entry in filter(None, log.split("\0")):
            head, _, *names = entry.strip().split("\n")
            commit, date = head.split()
            seen[commit, names[-1]] = date
    order = {commit: place for place, commit in enumerate(git("rev-list", "--topo-order", "--reverse", "HEAD").split())}
    # Of one commit the rules come first: its verdicts are by them.
    for commit, path in sorted(seen, key=lambda at: (order[at[0]], at[1].endswith(".csv"))):
        yield commit, seen[commit, path], path


def rules(content: str) -> Iterator[tuple[str, str, list[dict]]]:
    """The claims of a file with a digest of each one's rule, and its measures.

    Also of files from before there were sections.
    """
    file = yaml.load(content, PlainLoader)
    if "sections" in file:
        kept = {part: file[part] for part in PARTS if part in file}  # it may have had others
        yield from ((claim.id, claim.digest, claim.measures) for claim in parsed(kept, "", {}).claims)
    for entry in file.get("claims", []):
        decides = {key: value for key, value in entry.items() if key not in OLD_WORDS}
        measures = [entry[key] for key in ("measure", "minus") if key in entry]
        yield entry["id"], sha256(canonical(decides))[:12], measures


def text(lines: list[dict[str, str]]) -> str:
    """The lines as CSV."""
    file = StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()


def git(*arguments: str) -> str:
    """What git says. Raises CalledProcessError."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    environment.set_up()
    main()
