"""What all displays on one pair of axes share."""

import pytest

from agnews_sk.reporting._axes_display import AxesDisplay

pytest.importorskip("matplotlib")


class Line(AxesDisplay):
    _size = (2, 1)

    def _draw(self, ax):
        ax.plot([0, 1], [0, 1])


def test_without_axes_a_figure_of_the_display_s_size_is_made():
    display = Line().plot()
    assert display.figure_.get_size_inches().tolist() == [2, 1]
    assert display.ax_.figure is display.figure_
    assert len(display.ax_.lines) == 1


def test_given_axes_are_drawn_on_and_stored():
    first = Line().plot()
    second = Line().plot(ax=first.ax_)
    assert second.ax_ is first.ax_
    assert second.figure_ is first.figure_
    assert len(first.ax_.lines) == 2


def test_a_display_must_say_how_it_is_drawn():
    with pytest.raises(TypeError, match=r"abstract method '?_draw"):
        AxesDisplay()
