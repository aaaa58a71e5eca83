"""Whatever pages show is drawn for that size: text of at least 7 pt there."""

import re
from pathlib import Path

import pytest
from PIL import Image

from lola.figures import style

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
TEXT, HALF, INCH = 838, 393, 96  # of a page on GitHub: pixels of its text, of one of two columns, and of an inch
SHOWN = re.compile(r'!\[[^]]*\]\(([\w./-]+\.png)\)|<img src="([\w./-]+\.png)" width="(\d+)"')


def pictures():
    """Every picture on a page, and how wide it is there."""
    for page in PAGES:
        for line in page.read_text().splitlines():
            for linked, placed, width in SHOWN.findall(line):
                path = page.parent / (linked or placed)
                room = HALF if line.count("![") == 2 else TEXT
                if path.parent.name != "kinds":  # which are there to be recognised, and not read
                    yield page.name, path, int(width or room)


@pytest.mark.parametrize(("page", "path", "room"), [*pictures()], ids=lambda value: getattr(value, "name", str(value)))
def test_text_has_seven_points_where_a_picture_is_shown(page, path, room):
    with Image.open(path) as picture:
        width = picture.size[0]
    points = style.FONT * min(1, room / width) * style.DPI / INCH
    assert points >= 7, f"{page} shows {path.name}, {width} pixels wide, on {room}"
