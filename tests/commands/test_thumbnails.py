"""The pictures of kinds of figures: one of each, small, of the overlay that has a figure of each kind."""

import pytest
from PIL import Image

from lola.commands import thumbnails
from lola.study import papers
from lola.study.config import load
from lola.vocabulary.kinds import FIGURES


def test_the_overlay_has_a_figure_of_each_kind_that_is_named_after_it():
    figures = load(overlays=[thumbnails.OVERLAY])["figures"]
    assert {name: block["kind"] for name, block in figures.items()} == {kind: kind for kind in FIGURES}


def test_there_is_a_small_picture_of_each_kind():
    assert {path.stem for path in papers.PICTURES.iterdir()} == {*FIGURES}
    assert all(path.stat().st_size < 15_000 for path in papers.PICTURES.iterdir())


def test_a_picture_is_shrunk_within_bounds_to_the_same_bytes(tmp_path):
    Image.new("RGB", (1000, 500), "white").save(tmp_path / "wide.png")
    content = thumbnails.small(tmp_path / "wide.png")
    assert content == thumbnails.small(tmp_path / "wide.png")
    (tmp_path / "small.png").write_bytes(content)
    with Image.open(tmp_path / "small.png") as picture:
        assert picture.size == (240, 120)


def test_without_the_figures_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(thumbnails, "load", lambda overlays: {"results": str(tmp_path)})
    with pytest.raises(
        SystemExit, match=r"learning\.png is not there; run make reproduce CONFIG=config/kinds\.yaml first"
    ):
        thumbnails.main()
