"""Read a study's config: strict YAML, overlays, the schema, `lola.study.checks`; all that is wrong is a `BadConfig`."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import takewhile
from pathlib import Path

import jsonschema
import yaml

from lola.files.artifacts import file_sha256
from lola.study import papers, plan
from lola.study.checks import check_study
from lola.study.ledger_checks import check_ledger
from lola.study.reading import GONE, read
from lola.vocabulary import kinds
from lola.vocabulary.errors import UNPRINTABLE, BadConfig, Faults, dotted, listed, nearest, quoted, walk
from lola.vocabulary.settings import BLOCKS, STUDY, in_shape, texts_in_one_line

LONGEST = 2000  # characters of a text
SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def load(paper: str = "", overlays: list[str | Path] = (), settings: dict | None = None) -> dict:
    """The config of a paper with the overlays' keys, then `settings`, laid over it, checked.

    The paper is the one named, here or by a layer's key `paper`, or else the first. What a layer lists under `without`
    goes before it is laid over, and what it does not list under `only`; figures and tables that it removes leave the
    order of work below it (`first`).
    """
    above = [*map(read, overlays), settings or {}]
    papers_named = [layer["paper"] for layer in above if layer.get("paper") is not None]
    named = [*dict.fromkeys(map(str, [paper] * bool(paper) + papers_named))]
    if len(named) > 1:
        given = " and ".join(dotted([name]) for name in named)
        raise BadConfig(f"paper: given {given}; allowed: one, since an overlay is laid over one study")
    paper = next(iter(named), papers.FIRST)
    config, stages = {}, []
    layers = [*map(read, papers.layers(paper)), *filter(None, above)]
    for layer in layers:
        below = config
        laid = {key: value for key, value in layer.items() if key not in ("without", "only")}
        left = narrowed(dropped(below, layer), layer)
        Faults(check_removed(left, laid)).tell()
        config = overlay(left, laid)
        if "first" not in layer:
            config = without_work(config, [*(shown_blocks(below) - shown_blocks(config))])
        stages.append(config)
    config = texts_in_one_line(config | {"paper": paper})
    check(config)
    if "claims" in config:
        speaking = max(n for n, layer in enumerate(layers) if "claims" in layer)
        check_claims(config["claims"], trained(stages), trained(stages[: speaking + 1]))
    return alike(config) | {"results": os.path.normpath(config["results"])}


QUOTES = ". YAML reads on, off, yes and no as true and false: put"

DRAFT = jsonschema.Draft202012Validator
TYPES = DRAFT.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)  # 3.0 is no whole number of seeds
StrictValidator = jsonschema.validators.extend(DRAFT, type_checker=TYPES)


def dropped(below: dict, above: dict) -> dict:
    """`below` with the blocks emptied that `above` lists under `without`; what is said of a study goes with it."""
    unwanted, blocks = above.get("without", []), block_names(below)
    if not isinstance(unwanted, list):
        raise BadConfig(f"without: given {quoted(unwanted)}; allowed: a list of {listed(blocks)}")
    for name in unwanted:
        if name not in blocks:
            raise BadConfig(f"without: given {quoted(name)}; allowed: {listed(blocks)}{nearest(name, blocks)}")
        check_named_once("without", unwanted, name)
    gone = ("title", "claims") if "study" in unwanted else ()
    kept = {key: value for key, value in below.items() if key not in gone}
    return kept | {name: {} for name in unwanted}


def narrowed(below: dict, above: dict) -> dict:
    """`below` with those entries of blocks left that `above` lists under `only`."""
    wanted, blocks = above.get("only", {}), block_names(below)
    if not isinstance(wanted, dict):
        raise BadConfig(f"only: given {quoted(wanted)}; allowed: a mapping of {listed(blocks)} to lists of names")
    left = {}
    for block, names in wanted.items():
        if block not in blocks:
            raise BadConfig(f"only: given {quoted(block)}; allowed: {listed(blocks)}{nearest(block, blocks)}")
        known = below[block]
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(names, list) or name not in [*known]:
                allowed = f"a list of {listed(known)}{nearest(name, known)}" if known else "none, since there are none"
                raise BadConfig(f"only.{block}: given {quoted(name)}; allowed: {allowed}")
            check_named_once(f"only.{block}", names, name)
        left[block] = {name: value for name, value in known.items() if name in names}
    return below | left


def check_named_once(where: str, names: list, name: str) -> None:
    """A name must stand once in a list."""
    if names.count(name) > 1:
        raise BadConfig(f"{where}: given {quoted(name)} {names.count(name)} times; allowed: once")


def block_names(config: dict) -> list[str]:
    """The keys of a config that hold named blocks."""
    return [key for key, value in config.items() if isinstance(value, dict) and key != "sources"]


def shown_blocks(config: dict) -> set[str]:
    """The names of figures and tables, as far as a config that is not checked yet has any."""
    return {name for key in ("figures", "tables") if isinstance(config.get(key), dict) for name in config[key]}


def without_work(config: dict, removed: list[str]) -> dict:
    """`config` whose order of work leaves out these figures and tables."""
    first = config.get("first")
    if not isinstance(first, list):
        return config
    kept = [[name for name in s if name not in removed] if isinstance(s, list) else s for s in first]
    return config | {"first": kept}


def overlay(below: dict, above: dict) -> dict:
    """`above` laid over `below`, key by key; null removes. The source of a replaced value goes, unless given anew."""
    merged = dict(below)
    for key, value in above.items():
        if value is None or value is GONE:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = overlay(below.get(key) if isinstance(below.get(key), dict) else {}, value)
        else:
            merged[key] = value
    if isinstance(below.get("sources"), dict) and isinstance(merged.get("sources"), dict):
        kept = {name for name in below["sources"] if inside(below, name) == inside(merged, name)}
        kept |= (above.get("sources") or {}).keys()
        merged["sources"] = {name: text for name, text in merged["sources"].items() if name in kept}
    return merged


def check_removed(below: dict, above: dict, path: tuple = ()) -> Iterator[str]:
    """A line for each null in `above` for which there is nothing to remove in `below`."""
    for key, value in above.items():
        if value is None and key not in below:
            what = f"{dotted([*path, key])}: given null, which removes a key, and there is none"
            yield f"{what}; allowed: {listed(below)}{nearest(key, below)}"
        elif isinstance(value, dict):
            inner = below.get(key)
            yield from check_removed(inner if isinstance(inner, dict) else {}, value, (*path, key))


def inside(block: dict, name):
    """The value of a setting by its dotted name, None if there is none."""
    for key in str(name).split("."):
        block = block.get(key) if isinstance(block, dict) else None
    return block


def alike(config: dict) -> dict:
    """A checked config in which what is equal is written alike, since Snakemake compares texts: 1 is 1.0 where a real
    number is meant, -1.0 is -1 elsewhere, and a list of actions for each player is one list if they are the same."""
    found = config | {key: in_shape(config[key], STUDY[key].shape) for key in STUDY if key in config}
    for key in ("figures", "tables"):
        found[key] = whole(config[key])
    for key, known in BLOCKS.items():
        shaped = {n: {k: in_shape(b[k], known[k].shape) for k in b if k in known} for n, b in config[key].items()}
        found[key] = {name: block | shaped[name] for name, block in config[key].items()}
    for name, game in found["games"].items():
        own = {"payoffs": whole(game["payoffs"])} if "payoffs" in game else {}
        first, *others = game.get("actions", [""])
        if isinstance(first, list) and all(other == first for other in others):
            own["actions"] = first
        found["games"][name] = game | own
    return found


def whole(value):
    """A value in which real numbers that are whole are whole numbers, as far as these are the same."""
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def check(config: dict) -> None:
    """Raise BadConfig, which tells all that is wrong at the first stage at which something is."""
    faults = Faults()
    for path, value in walk(config):
        faults.of(check_value, path, value)
    faults.tell()
    found = StrictValidator(schema()).iter_errors(config)
    lists = set()  # of a list one fault is told, since one mistake may be in all its items
    for error in sorted(found, key=lambda error: (len(error.absolute_path), str(error.absolute_path))):
        place = tuple(takewhile(lambda key: type(key) is str, error.absolute_path))
        if place not in lists:
            faults += [line for line in explain(error) if line not in faults]
        if isinstance(error.instance, list) or len(place) < len(error.absolute_path):
            lists.add(place)
    faults.tell()
    check_study(config)


def trained(stages: list[dict]) -> dict[str, plan.Group]:
    """The groups of the last of some configs, and of those that it was laid over: an overlay may leave some out."""
    groups = {}
    for stage in stages:
        with suppress(BadConfig, LookupError, TypeError, ValueError, AttributeError):  # it may be no study by itself
            groups |= plan.groups(stage)
    return groups


def check_claims(path: str, groups: dict[str, plan.Group], said_of: dict[str, plan.Group] | None = None) -> None:
    """The file of a study's claims must be there, and ask for what is trained; where parts are left out it is not run.

    `groups` are all that may be asked for; `said_of` are those of the study that names the file.
    """
    if not Path(path).is_file():
        raise BadConfig(f"claims: given {quoted(path)}; allowed: a file, as config/README.md describes it")
    claims = read_claims(path, file_sha256(path))
    try:
        check_ledger(claims, groups, said_of)
    except BadConfig as faults:
        raise BadConfig(f"{path}: {faults}") from None


@cache  # by its content, since a study is loaded often
def read_claims(path: str, digest: str) -> dict:
    """A file of claims."""
    return read(path)


def check_value(path: tuple, value) -> None:
    """A key must be text, a number finite, and a text what can be written in a line or a few."""
    wrong = [key for key in value if not isinstance(key, str)] if isinstance(value, dict) else []
    if wrong:
        allowed = f"text{QUOTES} the key in quotes" if type(wrong[0]) is bool else "text: put the key in quotes"
        raise BadConfig(f"{dotted([*path, str(wrong[0])])}: the key was read as {quoted(wrong[0])}; allowed: {allowed}")
    if isinstance(value, int | float) and not is_finite(value):
        raise BadConfig(f"{dotted(path)}: given {quoted(value)}; allowed: a finite number")
    texts = [value] if isinstance(value, str) else [*value] if isinstance(value, dict) else []
    for text in texts:
        if len(text) > LONGEST or UNPRINTABLE.search(text):
            allowed = f"text of up to {LONGEST} characters, without control characters"
            raise BadConfig(f"{dotted(path)}: given {quoted(text)}; allowed: {allowed}")


def is_finite(value: float) -> bool:
    """Whether a number is one that a real number can hold."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


@cache
def schema() -> dict:
    """The structure of a config, and in it the settings of its blocks and the kinds of figures and tables."""
    whole = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    for block, known in [(whole, STUDY), *((whole["$defs"][name], known) for name, known in BLOCKS.items())]:
        own = {name: setting.schema for name, setting in known.items()}
        block["properties"] = block.get("properties", {}) | own | {"sources": {"$ref": "#/$defs/sources"}}
    for block, known in (("figure", kinds.FIGURES), ("table", kinds.TABLES)):
        whole["$defs"][block]["properties"]["kind"] = {"enum": [*known]}
    return whole


def explain(error: jsonschema.ValidationError) -> list[str]:
    """A line for each key at fault in a schema error: the key, what was given, what is allowed."""
    path, schema = list(error.absolute_path), error.schema
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        return [
            f"{dotted([*path, key])}: there is no such key; allowed: {listed(known)}{nearest(key, known)}"
            for key in error.instance
            if key not in known
        ]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        needs = ", ".join(error.validator_value)
        return [f"{dotted([*path, key])}: is missing; a block needs {needs}" for key in missing]
    if "propertyNames" in error.absolute_schema_path:
        path.append(error.instance)
    values = error.instance if isinstance(error.instance, list) else [error.instance]
    of_text = takes_text(schema) and any(isinstance(value, bool) for value in values)
    hint = f"{QUOTES} them in quotes" if of_text else ""
    allowed = schema.get("description") or quoted(error.message)
    if error.validator == "enum":
        allowed = listed(schema["enum"]) + nearest(error.instance, schema["enum"])
    return [f"{dotted(path)}: given {quoted(error.instance)}; allowed: {allowed}{hint}"]


def takes_text(schema: dict) -> bool:
    """Whether text may stand in a place of the config, alone or in a list, where true and false may not."""
    if "items" in schema:
        return takes_text(schema["items"])
    return schema.get("type") == "string" or "enum" in schema or any(map(takes_text, schema.get("anyOf", [])))
