"""The ledger of claims against its own history in git: no rule changes and no claim goes without being told."""

import csv
import subprocess
from collections import Counter

import pytest

from lola.analysis.paper import Deterministic, read_ledger
from lola.analysis.verdicts import NOT_RUN
from lola.commands import ledger
from lola.study import papers
from lola.study.fingerprints import fingerprints


def has_history():
    """Whether git has all commits here; an archive or a shallow clone has not."""
    try:
        return ledger.git("rev-parse", "--is-shallow-repository").strip() == "false"
    except (OSError, subprocess.CalledProcessError):
        return False


of_git = pytest.mark.skipif(not has_history(), reason="git has no whole history here")
GLOB = "config/*/claims*.yaml"
FILES = [(paper, path) for paper, folder in papers.papers().items() for path in sorted(folder.glob("claims*.yaml"))]


def published(paper, claims):
    return papers.DOCS / paper / f"{claims.stem}.csv"


@of_git
@pytest.mark.parametrize(("paper", "claims"), FILES)
def test_the_ledger_is_what_git_says(paper, claims):
    kept = papers.history_file(claims)  # which a new file of claims does not have yet
    recorded = list(csv.DictReader(kept.read_text().splitlines())) if kept.exists() else []
    found = ledger.history(claims, published(paper, claims), papers.digests_file(paper))
    assert [line for line in found if line in recorded] == recorded
    last = ledger.git("log", "-1", "--format=%H", "--", str(claims))[: ledger.LENGTH]
    assert {line["commit"] for line in found if line not in recorded} <= {last}  # which could not name itself


@pytest.mark.parametrize(("paper", "claims"), FILES)
def test_a_file_of_claims_names_the_code_that_decides_them(paper, claims):
    named = read_ledger(claims).code
    assert named == ledger.code(), f"other code is other rules: {claims} must say code: {ledger.code()}"


@pytest.mark.parametrize(("paper", "claims"), FILES)
def test_a_file_of_deterministic_claims_names_the_code_that_decides_these(paper, claims):
    read = read_ledger(claims)
    expected = ledger.code_deterministic() if any(isinstance(each, Deterministic) for each in read.claims) else ""
    assert read.code_deterministic == expected, f"{claims} must say code_deterministic: {expected or 'nothing'}"


def test_the_code_that_decides_by_runs_is_another_than_that_which_decides_by_a_number():
    by_runs, by_number = fingerprints(*ledger.DECIDES), fingerprints(*ledger.DECIDES_BY_NUMBER)
    assert "lola.analysis.deterministic.kind" in by_number and "lola.analysis.paper.Deterministic" in by_number
    assert not [name for name in by_runs if "eterministic" in name]


@of_git
@pytest.mark.parametrize(("paper", "claims"), FILES)
def test_every_claim_has_a_commit_that_fixed_its_rule(paper, claims):
    kept = papers.history_file(claims)
    known = read_ledger(claims, kept if kept.exists() else None)
    last = ledger.git("log", "-1", "--format=%H", "--", str(claims)).strip()
    changed = last == ledger.git("rev-parse", "HEAD").strip() or ledger.git("status", "--porcelain", "--", str(claims))
    assert changed or not [claim.id for claim in known.claims if not known.fixed(claim)]


@of_git
def test_no_file_of_claims_was_ever_deleted():
    added = ledger.git("log", "--diff-filter=A", "--name-only", "--format=", "--", GLOB).split()
    assert {*added} <= {str(claims) for _, claims in FILES}


@of_git
@pytest.mark.parametrize(("paper", "claims"), FILES)
def test_no_claim_was_ever_deleted(paper, claims):
    current = read_ledger(claims)
    kept, withdrawn = {claim.id for claim in current.claims}, {gone.id: gone.verdict for gone in current.withdrawn}
    last = {}
    for commit, _, path in ledger.changes(claims, published(paper, claims)):
        content = ledger.git("show", f"{commit}:{path}")
        if path.endswith(".csv"):
            lines = csv.DictReader(content.splitlines())
            last |= {line["claim"]: line["verdict"] for line in lines if line["verdict"] != NOT_RUN}
        else:
            last |= {claim: last.get(claim) for claim, *_ in ledger.rules(content)}
    families = [name.removesuffix("*") for name in withdrawn if name.endswith("*")]
    for claim, verdict in last.items():
        if claim in kept or any(claim.startswith(family) for family in families):
            continue
        assert withdrawn[claim] == (verdict or "none published"), claim
    for family in families:
        counts = Counter(verdict for claim, verdict in last.items() if claim.startswith(family))
        assert withdrawn[f"{family}*"] == ", ".join(f"{n} {v}" for v, n in sorted(counts.items(), key=by_word)), family
    assert not kept & {*withdrawn}


def by_word(item):
    return ["reproduced", "not reproduced", "inconclusive"].index(item[0])


CLAIMS = """\
sections:
  - title: S
    claims:
      - id: x/y
        sentence: {}
        source: t
        certainty: read
        measure: {{quantity: R, group: ipd/a/oracle}}
        rule: less
        than: {}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger.git("init", "-q")
    for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
        ledger.git("config", key, value)
    (tmp_path / "config/p").mkdir(parents=True)
    (tmp_path / "docs/p").mkdir(parents=True)
    return tmp_path


def commit(project, **files):
    """Write files by their names, `claims` and what is published, and commit them: the commit's short name."""
    names = {"claims": "config/p/claims.yaml", "verdicts": "docs/p/claims.csv", "digests": "docs/p/digests.csv"}
    for name, text in files.items():
        (project / names[name]).write_text(text)
    ledger.git("add", "-A")
    ledger.git("commit", "-qm", "x")
    return ledger.git("rev-parse", "HEAD")[: ledger.LENGTH]


@of_git
def test_a_rule_is_known_by_its_first_commit_and_by_what_was_known_then(project):
    at = papers.CONFIG / "p" / "claims.yaml", papers.DOCS / "p" / "claims.csv", papers.DOCS / "p" / "digests.csv"
    first = commit(project, claims=CLAIMS.format("a", 1), verdicts="claim,verdict\n", digests="group\n")
    commit(project, claims=CLAIMS.format("other words", 1))
    commit(project, digests="group\nipd/a/oracle\n")
    second = commit(project, claims=CLAIMS.format("a", 2))
    commit(project, verdicts="claim,verdict\nx/y,not reproduced\n")
    third = commit(project, claims=CLAIMS.format("a", 3))
    found = ledger.history(*at)
    assert [(line["commit"], line["known"]) for line in found] == [
        (first, ""),
        (second, "its runs"),
        (third, "not reproduced"),
    ]
    (project / "config/p/study.yaml").write_text("{}")
    (project / papers.LIBRARY).write_text("{}")
    ledger.main()
    fixed = read_ledger(at[0], papers.history_file(at[0]))
    (claim,) = fixed.claims
    assert (fixed.fixed(claim).commit, fixed.fixed(claim).seen) == (third, "not reproduced")
    assert read_ledger(at[0]).fixed(claim) is None
