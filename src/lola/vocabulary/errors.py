"""What is said of a config that cannot be run: standard library only."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # what no text may hold


class BadConfig(Exception):
    """A config that cannot be run; the message names the key, what was given and what is allowed, a line per fault."""


class Faults(list):
    """The faults that checks find, so that a person hears of all at once."""

    def of(self, check: Callable, *arguments) -> None:
        """Run a check and keep what it finds."""
        try:
            check(*arguments)
        except BadConfig as fault:
            if str(fault) not in self:
                self.append(str(fault))

    def tell(self) -> None:
        """Raise BadConfig if there are any; one that is in several places is told once, with the first of them."""
        places = {}
        for fault in self:
            where, _, what = fault.partition(": ")
            places.setdefault(what, []).append(where)
        told = []
        for what, (where, *more) in places.items():
            places_more = "1 more place" if len(more) == 1 else f"{len(more)} more places"
            told.append(f"{where}: {what}" + (f" (so in {places_more})" if more else ""))
        if told:
            raise BadConfig(told[0] if len(told) == 1 else "\n  ".join([f"{len(told)} faults:", *told]))


def lookup(where: str, name: str, names: Collection[str], what: str = "name"):
    """`names[name]`, or an error that suggests the nearest."""
    if name not in names:
        allowed = listed(names) + nearest(name, names)
        raise BadConfig(f"{where}: given {quoted(name)}; there is no such {what}; allowed: {allowed}")
    return names[name]


def nearest(name, names) -> str:
    """The name that is spelt most like it, capitals or not."""
    known = {str(n).lower(): str(n) for n in names}
    close = difflib.get_close_matches(str(name).lower(), known, n=1)
    return f" (did you mean {known[close[0]]!r}?)" if close else ""


def listed(names: Collection[str], room: int = 160) -> str:
    """Names in a line: all of them, or the first and how many more."""
    shown, length = [], 0
    for name in map(str, names):
        length += len(name) + 2
        if length > room:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") if names else "none"


def quoted(value) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def walk(value, path: tuple = ()) -> Iterator[tuple[tuple, object]]:
    """Everything in a config, with the path to it."""
    yield path, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from walk(child, (*path, key))


def dotted(path) -> str:
    """A path as a person writes it: games.ipd.payoffs[1]; in quotes what does not look like a name."""
    text = "".join(f"[{key}]" if type(key) is int else f".{key if is_plain(str(key)) else quoted(key)}" for key in path)
    return text.removeprefix(".") or "the config"


def is_plain(text: str) -> bool:
    """Whether a key can be read in a sentence."""
    return 0 < len(text) <= 60 and text.isprintable() and " " not in text
