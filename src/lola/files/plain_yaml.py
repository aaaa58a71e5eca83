"""YAML with numbers as in 1.2, read fast: of files that `lola.study.reading` has found to be in order."""

import re
from typing import ClassVar

import yaml

PLAIN = {  # what is no text: as in YAML 1.2, so 010 is ten, and 1_0, 1:30 and days are text; true and false as in 1.1
    "null": r"~|null|Null|NULL|",
    "bool": r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "merge": r"<<",
}


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML with numbers as in 1.2."""

    yaml_implicit_resolvers: ClassVar[dict] = {}  # none of those of YAML 1.1

    def construct_yaml_int(self, node) -> int:
        return whole(node.value)


def whole(text: str) -> int:
    """The whole number that a text of `PLAIN` is."""
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def with_plain_values(loader: type) -> None:
    """Let a loader read the values of `PLAIN`."""
    for name, pattern in PLAIN.items():
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"({pattern})\Z"), None)
    loader.add_constructor("tag:yaml.org,2002:int", loader.construct_yaml_int)


with_plain_values(PlainLoader)
