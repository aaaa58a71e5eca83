"""Make the pictures of the kinds of figures in config/README.md: `python -m lola.commands.thumbnails`.

In:  the figures of config/kinds.yaml, one of each kind, which `make reproduce CONFIG=config/kinds.yaml` draws.
Out: docs/kinds/<kind>.png, small.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from lola.files import environment
from lola.files.artifacts import write_whole
from lola.study import papers
from lola.study.config import load
from lola.vocabulary.kinds import FIGURES

OVERLAY = papers.CONFIG / "kinds.yaml"
SIZE, COLOURS = (240, 200), 64  # pixels at most, and different ones of them


def main() -> None:
    root = Path(load(overlays=[OVERLAY])["results"], "figures")
    try:
        made = {kind: small(root / f"{kind}.png") for kind in FIGURES}
    except OSError as error:
        sys.exit(f"{error.filename} is not there; run make reproduce CONFIG={OVERLAY} first")
    for kind, content in made.items():
        write_whole(papers.PICTURES / f"{kind}.png", content)


def small(path: Path) -> bytes:
    """A picture within `SIZE`, as a PNG of few colours."""
    content = io.BytesIO()
    with Image.open(path) as picture:
        shrunk = picture.convert("RGB")
    shrunk.thumbnail(SIZE, Image.Resampling.LANCZOS)
    shrunk.quantize(COLOURS, dither=Image.Dither.NONE).save(content, format="PNG", optimize=True)
    return content.getvalue()


if __name__ == "__main__":
    environment.set_up()
    main()
