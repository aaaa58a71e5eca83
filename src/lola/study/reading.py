"""Strict YAML: numbers as in YAML 1.2, every key once and with a value; whatever is wrong is a `BadConfig`."""

from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from lola.files.plain_yaml import whole, with_plain_values
from lola.vocabulary.errors import BadConfig, quoted, walk

MERGE = "tag:yaml.org,2002:merge"  # the key <<, which may stand beside keys that it would give
GONE = object()  # in place of a null that takes away what << gives
DEEP, MANY = 30, 200_000  # how deep values may be nested, and how many a file may hold
WORDS = {type(None): "nothing", list: "a list", str: "text", bool: "true or false"}  # instead of a mapping


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
        return whole(node.value)


with_plain_values(StrictLoader)
StrictLoader.add_constructor("gone", lambda loader, node: GONE)


class FastLoader(StrictLoader):
    """The same, of what LibYAML takes apart, which is three times as fast, but says worse what is wrong."""

    def __init__(self, text: str):
        parser = yaml.cyaml.CParser(text)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event
        self.buffer = text
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)


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


def loaded(text: str):
    """What a text in YAML holds."""
    if yaml.__with_libyaml__:
        with suppress(yaml.YAMLError, UnicodeError):
            return yaml.load(text, FastLoader)
    return yaml.load(text, StrictLoader)


def mapping(text: str) -> dict:
    """The mapping that a text in YAML holds."""
    nested = f"values are nested more than {DEEP} deep, or an alias contains itself; allowed: plain values"
    try:
        content = loaded(text)
    except RecursionError:
        raise BadConfig(nested) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadConfig(f"is not YAML (line {line}: the character {chr(error.character)!r} is not allowed)") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        twice = (error.context or "").partition(";")[0] if error.problem == "second occurrence" else ""  # of an anchor
        where = f" (line {mark.line + 1}: {twice or error.problem})" if mark else ""
        raise BadConfig(f"is not YAML{where}") from None
    for n, (path, _) in enumerate(walk(content)):
        if len(path) > DEEP:
            raise BadConfig(nested)
        if n > MANY:
            raise BadConfig(f"holds more than {MANY} values, those of an alias each time; allowed: fewer")
    if not isinstance(content, dict):
        raise BadConfig(
            f"holds {WORDS.get(type(content), 'a number')}; allowed: a mapping of keys, see config/README.md"
        )
    return content
