"""Read a study's config: strict YAML, overlays, the schema, `lola.study.checks`; all that is wrong is a `BadConfig`."""

import json
import math
import os
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import jsonschema
import yaml

from lola.study import papers
from lola.study.checks import check_study
from lola.vocabulary import kinds
from lola.vocabulary.errors import BadConfig, Faults, nearest, quoted
from lola.vocabulary.settings import BLOCKS, STUDY, in_shape

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def load(paper: str = "", overlays: list[str | Path] = (), settings: dict | None = None) -> dict:
    """The config of a paper with the overlays' keys, then `settings`, laid over it, checked.

    The paper is the one named, here or by a layer's key `paper`, or else the first. What a layer lists under `without`
    goes before it is laid over, and what it does not list under `only`; figures and tables that it removes leave the
    order of work below it (`first`).
    """
    above = [*map(read, overlays), settings or {}]
    named = [*dict.fromkeys(str(name) for name in (paper, *(layer.get("paper", "") for layer in above)) if name)]
    if len(named) > 1:
        raise BadConfig(f"paper: given {' and '.join(named)}; allowed: one, since an overlay is laid over one study")
    paper = next(iter(named), papers.FIRST)
    config = {}
    for layer in [*map(read, papers.layers(paper)), *above, {"paper": paper}]:
        below = config
        laid = {key: value for key, value in layer.items() if key not in ("without", "only")}
        config = overlay(narrowed(dropped(below, layer), layer), laid)
        if "first" not in layer:
            config = without_work(config, [*(shown_blocks(below) - shown_blocks(config))])
    check(config)
    return alike(config) | {"results": os.path.normpath(config["results"])}


QUOTES = ". YAML reads on, off, yes and no as true and false: put"
MERGE = "tag:yaml.org,2002:merge"  # the key <<, which may stand beside keys that it would give


class StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a repeated key is an error and 1e-3 is a number, as in YAML 1.2."""

    def construct_mapping(self, node, deep=False):
        seen = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True) if key_node.tag != MERGE else object()
            if key in seen:
                raise BadConfig(f"key {key!r} is given twice (line {key_node.start_mark.line + 1}); allowed: once")
            seen.append(key)
        return super().construct_mapping(node, deep)

    def flatten_mapping(self, node):
        """Resolve <<, by which sources are not inherited: they may be of values that are replaced."""
        own = [pair for pair in node.value if pair[0].tag != MERGE]
        super().flatten_mapping(node)
        inherited = node.value[: len(node.value) - len(own)]
        node.value = [pair for pair in inherited if pair[0].value != "sources"] + own


StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


DRAFT = jsonschema.Draft202012Validator
TYPES = DRAFT.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)  # 3.0 is no whole number of seeds
StrictValidator = jsonschema.validators.extend(DRAFT, type_checker=TYPES)


def read(path: str | Path) -> dict:
    """One YAML file, which must hold a mapping."""
    try:
        content = yaml.load(Path(path).read_text(encoding="utf-8"), StrictLoader)
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}; give a YAML file") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path}: is not text; give a YAML file") from None
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}: {error.problem})" if mark else ""
        raise BadConfig(f"{path}: is not YAML{where}") from None
    try:
        json.dumps(content, skipkeys=True, default=str)
    except (ValueError, RecursionError):
        raise BadConfig(f"{path}: an alias contains itself; allowed: plain values") from None
    if not isinstance(content, dict):
        given = "nothing" if content is None else f"a {type(content).__name__}"
        raise BadConfig(f"{path}: holds {given}; allowed: a mapping of keys, see config/README.md")
    return content


def dropped(below: dict, above: dict) -> dict:
    """`below` with the blocks emptied that `above` lists under `without`; what is said of a study goes with it."""
    unwanted, blocks = above.get("without", []), block_names(below)
    if not isinstance(unwanted, list):
        raise BadConfig(f"without: given {quoted(unwanted)}; allowed: a list of {', '.join(blocks)}")
    for name in unwanted:
        if name not in blocks:
            raise BadConfig(f"without: given {quoted(name)}; allowed: {', '.join(blocks)}{nearest(name, blocks)}")
    gone = ("title", "claims") if "study" in unwanted else ()
    kept = {key: value for key, value in below.items() if key not in gone}
    return kept | {name: {} for name in unwanted}


def narrowed(below: dict, above: dict) -> dict:
    """`below` with those entries of blocks left that `above` lists under `only`."""
    wanted, blocks = above.get("only", {}), block_names(below)
    if not isinstance(wanted, dict):
        raise BadConfig(f"only: given {quoted(wanted)}; allowed: a mapping of {', '.join(blocks)} to lists of names")
    left = {}
    for block, names in wanted.items():
        if block not in blocks:
            raise BadConfig(f"only: given {quoted(block)}; allowed: {', '.join(blocks)}{nearest(block, blocks)}")
        known = below[block]
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(names, list) or name not in known:
                hint = nearest(name, [*known])
                raise BadConfig(f"only.{block}: given {quoted(name)}; allowed: a list of {', '.join(known)}{hint}")
        left[block] = {name: value for name, value in known.items() if name in names}
    return below | left


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
        if value is None:
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


def inside(block: dict, name: str):
    """The value of a setting by its dotted name, None if there is none."""
    for key in name.split("."):
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
    places = set()  # of a list one fault is told, since one mistake may be in all its items
    for error in sorted(found, key=lambda error: (len(error.absolute_path), str(error.absolute_path))):
        place = tuple(takewhile(lambda key: type(key) is str, error.absolute_path))
        if place not in places or error.validator == "additionalProperties":
            faults.of(check_shape, error)
        places.add(place)
    faults.tell()
    if "claims" in config and not Path(config["claims"]).is_file():
        raise BadConfig(f"claims: given {quoted(config['claims'])}; allowed: a file, as config/README.md describes it")
    check_study(config)


def check_value(path: tuple, value) -> None:
    """A key must be text, and a number finite."""
    wrong = [key for key in value if not isinstance(key, str)] if isinstance(value, dict) else []
    if wrong:
        allowed = f"text{QUOTES} the key in quotes"
        raise BadConfig(f"{dotted([*path, wrong[0]])}: the key was read as {wrong[0]!r}; allowed: {allowed}")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadConfig(f"{dotted(path)}: given {value}; allowed: a finite number")


def check_shape(error: jsonschema.ValidationError) -> None:
    """There must be no error of the schema."""
    raise BadConfig(explain(error))


def schema() -> dict:
    """The structure of a config, and in it the settings of its blocks and the kinds of figures and tables."""
    whole = yaml.safe_load(SCHEMA.read_text())
    for block, known in [(whole, STUDY), *((whole["$defs"][name], known) for name, known in BLOCKS.items())]:
        own = {name: setting.schema for name, setting in known.items()}
        block["properties"] = block.get("properties", {}) | own | {"sources": {"$ref": "#/$defs/sources"}}
    for block, known in (("figure", kinds.FIGURES), ("table", kinds.TABLES)):
        whole["$defs"][block]["properties"]["kind"] = {"enum": [*known]}
    return whole


def explain(error: jsonschema.ValidationError) -> str:
    """One line for a schema error: the key, what was given, what is allowed."""
    path, schema = list(error.absolute_path), error.schema
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        return f"{dotted([*path, unknown])}: there is no such key; allowed: {', '.join(known)}{nearest(unknown, known)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{dotted([*path, missing])}: is missing; a block needs {', '.join(error.validator_value)}"
    if "propertyNames" in error.absolute_schema_path:
        path.append(error.instance)
    values = error.instance if isinstance(error.instance, list) else [error.instance]
    hint = f"{QUOTES} them in quotes" if any(isinstance(value, bool) for value in values) else ""
    allowed = schema.get("description") or error.message
    if error.validator == "enum":
        allowed = ", ".join(map(str, schema["enum"])) + nearest(error.instance, schema["enum"])
    return f"{dotted(path)}: given {quoted(error.instance)}; allowed: {allowed}{hint}"


def walk(value, path: tuple = ()) -> Iterator[tuple[tuple, object]]:
    """Everything in a config, with the path to it."""
    yield path, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from walk(child, (*path, key))


def dotted(path) -> str:
    """A path as a person writes it: games.ipd.payoffs[1]."""
    text = "".join(f"[{key}]" if type(key) is int else f".{key}" for key in path)
    return text.removeprefix(".") or "the config"
