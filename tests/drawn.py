"""Figures as they will be seen, for the tests of what they hold."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lola.figures import style


def draw(kind, *args, **block):
    with style.theme():
        figure = kind.draw(*args, **block)
        FigureCanvasAgg(figure).draw()
        return figure


def readable(figure, width=8):
    """As wide as one column, or as asked, no type under 7 pt, and no label, title or legend over another."""
    assert figure.get_size_inches()[0] == pytest.approx(width / 2.54)
    assert all(text.get_fontsize() >= 7 for text in figure.findobj(Text) if text.get_text())
    parts = [*figure.legends, *(t for t in (figure._suptitle, figure._supxlabel, figure._supylabel) if t)]
    for ax in figure.axes:
        parts += [t for t in (ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label) if t.get_text()]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            shown = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            parts += [label for label in shown if label.get_visible() and label.get_text()]
    boxes = [part.get_window_extent() for part in parts]
    page = figure.bbox
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1 for box in boxes)
    overlaps = [(a, b) for (a, p), (b, q) in itertools.combinations(zip(parts, boxes, strict=True), 2) if p.overlaps(q)]
    assert not overlaps
