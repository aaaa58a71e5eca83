"""Read a study's config: strict YAML, overlays, the schema, `lola.study.checks`; all that is wrong is a `BadConfig`."""

import math
import os
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import ClassVar

import jsonschema
import yaml

from lola.study import papers
from lola.study.checks import check_study
from lola.vocabulary import kinds
from lola.vocabulary.errors import BadConfig, Faults, dotted, listed, nearest, quoted, walk
from lola.vocabulary.settings import BLOCKS, STUDY

LONGEST = 2000  # characters of a text
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
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
    config = {}
    for layer in [*map(read, papers.layers(paper)), *above, {"paper": paper}]:
        below = config
        laid = {key: value for key, value in layer.items() if key not in ("without", "only")}
        left = narrowed(dropped(below, layer), layer)
        Faults(check_removed(left, laid)).tell()
        config = overlay(left, laid)
        if "first" not in layer:
            config = without_work(config, [*(shown_blocks(below) - shown_blocks(config))])
    check(config)
    return config | {"results": os.path.normpath(config["results"])}


QUOTES = ". YAML reads on, off, yes and no as true and false: put"
MERGE = "tag:yaml.org,2002:merge"  # the key <<, which may stand beside keys that it would give
GONE = object()  # in place of a null that takes away what << gives
DEEP, MANY = 30, 200_000  # how deep values may be nested, and how many a file may hold
PLAIN = {  # what is no text: as in YAML 1.2, so 010 is ten, and 1_0, 1:30 and days are text; true and false as in 1.1
    "null": r"~|null|Null|NULL|",
    "bool": r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "merge": r"<<",
}


class StrictLoader(yaml.SafeLoader):
    """Safe YAML with numbers as in 1.2, without tags, in which every key is given once and has a value."""

    yaml_implicit_resolvers: ClassVar[dict] = {}  # none of those of YAML 1.1

    def compose_node(self, parent, index):
        event = self.peek_event()
        if getattr(event, "tag", None):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise BadConfig(f"the tag {quoted(tag)} (line {event.start_mark.line + 1}); allowed: values without tags")
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor):
        """A mapping, also one after <<, which must not give a key twice, nor in braces one without a value."""
        node = super().compose_mapping_node(anchor)
        seen, before = [], "nothing"
        for key, value in node.value:
            line = f"line {key.start_mark.line + 1}"
            if (key.tag, key.value) in seen:
                raise BadConfig(f"key {quoted(key.value)} is given twice ({line}); allowed: once")
            after, until = key.end_mark.index, value.start_mark.index  # of an alias what it stands for, before the key
            if node.flow_style and value.value == "" and after <= until and ":" not in self.buffer[after:until]:
                read = f"{before} and a key {quoted(key.value)} without a value"
                raise BadConfig(f"{line} is read as {read}; allowed: key: value, and in numbers a point, 0.9")
            seen.append((key.tag, key.value))
            before = quoted(f"{key.value}: {value.value if isinstance(value, yaml.ScalarNode) else '…'}")
        return node

    def flatten_mapping(self, node):
        """Resolve <<, by which sources are not inherited: they may be of values that are replaced."""
        own = [pair for pair in node.value if pair[0].tag != MERGE]
        super().flatten_mapping(node)
        inherited = [pair for pair in node.value[: len(node.value) - len(own)] if pair[0].value != "sources"]
        given = [key.value for key, _ in inherited]
        for n, (key, value) in enumerate(own):
            if key.value in given and value.tag.endswith(":null"):
                own[n] = (key, yaml.ScalarNode("gone", ""))
        node.value = inherited + own

    def construct_yaml_int(self, node) -> int:
        if (digits := len(node.value)) > 400:
            raise BadConfig(f"a number of {digits} digits (line {node.start_mark.line + 1}); allowed: up to 400")
        return int(node.value, {"0o": 8, "0x": 16}.get(node.value[:2], 10))


for name, pattern in PLAIN.items():
    StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"({pattern})\Z"), None)
StrictLoader.add_constructor("tag:yaml.org,2002:int", StrictLoader.construct_yaml_int)
StrictLoader.add_constructor("gone", lambda loader, node: GONE)


DRAFT = jsonschema.Draft202012Validator
TYPES = DRAFT.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)  # 3.0 is no whole number of seeds
StrictValidator = jsonschema.validators.extend(DRAFT, type_checker=TYPES)


def read(path: str | Path) -> dict:
    """One YAML file, which must hold a mapping."""
    try:
        return mapping(decoded(Path(path).read_bytes()))
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}; give a YAML file") from None
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"line {line}: byte {data[error.start]:#04x}"
        raise BadConfig(f"is not UTF-8, so not text that can be read ({where}); allowed: YAML in UTF-8") from None


def mapping(text: str) -> dict:
    """The mapping that a text in YAML holds."""
    nested = f"values are nested more than {DEEP} deep, or an alias contains itself; allowed: plain values"
    try:
        content = yaml.load(text, StrictLoader)
    except RecursionError:
        raise BadConfig(nested) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadConfig(f"is not YAML (line {line}: the character {chr(error.character)!r} is not allowed)") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}: {error.problem})" if mark else ""
        raise BadConfig(f"is not YAML{where}") from None
    for n, (path, _) in enumerate(walk(content)):
        if len(path) > DEEP:
            raise BadConfig(nested)
        if n > MANY:
            raise BadConfig(f"holds more than {MANY} values, those of an alias each time; allowed: fewer")
    if not isinstance(content, dict):
        given = "nothing" if content is None else f"a {type(content).__name__}"
        raise BadConfig(f"holds {given}; allowed: a mapping of keys, see config/README.md")
    return content


def dropped(below: dict, above: dict) -> dict:
    """`below` with the blocks emptied that `above` lists under `without`; what is said of a study goes with it."""
    unwanted, blocks = above.get("without", []), block_names(below)
    if not isinstance(unwanted, list):
        raise BadConfig(f"without: given {quoted(unwanted)}; allowed: a list of {listed(blocks)}")
    for name in unwanted:
        if name not in blocks:
            raise BadConfig(f"without: given {quoted(name)}; allowed: {listed(blocks)}{nearest(name, blocks)}")
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
                allowed = f"a list of {listed(known)}{nearest(name, known)}"
                raise BadConfig(f"only.{block}: given {quoted(name)}; allowed: {allowed}")
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
    if "claims" in config and not os.path.isfile(config["claims"]):
        raise BadConfig(f"claims: given {quoted(config['claims'])}; allowed: a file, as config/README.md describes it")
    check_study(config)


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
    hint = f"{QUOTES} them in quotes" if any(isinstance(value, bool) for value in values) else ""
    allowed = schema.get("description") or quoted(error.message)
    if error.validator == "enum":
        allowed = listed(schema["enum"]) + nearest(error.instance, schema["enum"])
    return [f"{dotted(path)}: given {quoted(error.instance)}; allowed: {allowed}{hint}"]
