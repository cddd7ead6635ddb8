import pytest

from agnews_sk.reporting._figures import logarithmic, new_figure, soften, styles

pytest.importorskip("matplotlib")


def test_six_series_have_colours_and_markers_of_their_own():
    found = styles(6)
    assert len({style["color"] for style in found}) == len({s["marker"] for s in found}) == 6
    assert styles(7)[6] == found[0]


def test_a_new_figure_has_the_size_and_no_window():
    figure = new_figure(3, 2, needed_by="a test")
    assert figure.get_size_inches().tolist() == [3, 2]
    assert figure.canvas.manager is None


def test_a_logarithmic_axis_is_labelled_in_plain_numbers():
    ax = new_figure(3, 2, needed_by="a test").add_subplot()
    ax.set(xscale="log", xlim=(1, 20_000))
    logarithmic(ax.xaxis)
    assert ax.xaxis.get_major_formatter()(2000, None) == "2,000"
    assert {1, 2, 5, 10, 20_000} <= set(ax.xaxis.get_major_locator()())


def test_softened_axes_lack_the_upper_and_right_spine():
    ax = new_figure(3, 2, needed_by="a test").add_subplot()
    soften(ax)
    visible = {name for name, spine in ax.spines.items() if spine.get_visible()}
    assert visible == {"left", "bottom"}
