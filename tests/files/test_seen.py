"""What was found in order is known until anything is done to it."""

import json
import os
import shutil
import time

import pytest

from lola.files import seen
from lola.files.seen import Seen


@pytest.fixture
def files(tmp_path):
    """A folder with two files."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name)
    return [folder, folder / "a", folder / "b"]


@pytest.fixture
def kept(tmp_path, files, monkeypatch):
    """Where it is kept that these files, which have lain there for long, are `whole`."""
    monkeypatch.setattr(seen, "SETTLED", -60.0)
    known = Seen(tmp_path / "cache" / "seen.json")
    known.add("it", "whole", files)
    known.save()
    return known.path


def test_it_is_known_as_what_it_was_found_as(kept):
    known = Seen(kept)
    assert known.holds("it", "whole")
    assert not known.holds("it", "broken") and not known.holds("it", None) and not known.holds("that", "whole")


def same_size_and_time(folder, a, b):
    then = a.stat()
    a.write_text("A")
    os.utime(a, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert (a.stat().st_size, a.stat().st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def replaced(folder, a, b):
    shutil.copy2(a, folder.parent / "copy")
    (folder.parent / "copy").replace(a)


CHANGES = {
    "edited": lambda folder, a, b: a.write_text("longer"),
    "edited, with its size and time": same_size_and_time,
    "touched": lambda folder, a, b: a.touch(),
    "without permission": lambda folder, a, b: a.chmod(0),
    "replaced by a copy": replaced,
    "gone": lambda folder, a, b: b.unlink(),
    "another one there": lambda folder, a, b: (folder / "c").write_text("c"),
    "a folder in its place": lambda folder, a, b: (a.unlink(), a.mkdir()),
    "a link to nowhere": lambda folder, a, b: (a.unlink(), a.symlink_to("nowhere")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_done_to_a_file_is_noticed(kept, files, change):
    time.sleep(0.02)  # more than a tick of the clock that files go by
    CHANGES[change](*files)
    assert not Seen(kept).holds("it", "whole")


def test_what_was_changed_just_now_is_not_noted(tmp_path, files):
    known = Seen(tmp_path / "seen.json")
    known.add("it", "whole", files)
    known.save()
    assert not Seen(known.path).holds("it", "whole")


def test_only_what_was_in_order_this_time_is_kept(kept, files):
    known = Seen(kept)
    known.add("more", "whole", files[1:])
    known.save()
    assert Seen(kept).holds("more", "whole") and not Seen(kept).holds("it", "whole")


@pytest.mark.parametrize("damage", ["", "{", "[]", "[1]", "7", '{"it": 7}', '{"it": ["whole", 7]}', "\x00"])
def test_what_is_damaged_is_read_again(kept, damage):
    kept.write_text(damage)
    assert not Seen(kept).holds("it", "whole")


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path, files, monkeypatch):
    monkeypatch.setattr(seen, "SETTLED", -60.0)
    known = Seen(tmp_path / "folder" / "a" / "seen.json")
    known.add("it", "whole", [tmp_path / "not there"])
    known.add("it", "whole", files)
    known.save()
    assert json.loads(json.dumps(known.now))["it"][0] == "whole" and not known.path.exists()
