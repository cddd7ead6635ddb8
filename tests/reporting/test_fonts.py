import warnings
from types import SimpleNamespace

import pytest
from sklearn.dummy import DummyClassifier

from agnews_sk.evaluation import compare_classifiers
from agnews_sk.reporting import plot_confusion_matrices, save_picture
from agnews_sk.reporting._figures import new_figure
from agnews_sk.reporting._fonts import _families_with, add_fonts
from agnews_sk.reporting._markup import svg_figure

font_manager = pytest.importorskip("matplotlib.font_manager")

NOWHERE = "\U000e0fff\U000e0ffe"  # not assigned, so that no font has them


def titled(title):
    figure = new_figure(2, 2, needed_by="a test")
    figure.suptitle(title)
    return figure


@pytest.fixture
def foreign():
    """A character that an installed font has, and the default font lacks."""
    default, stix = (
        font_manager.get_font(font_manager.findfont(name)).get_charmap()
        for name in (font_manager.FontProperties(), "STIXGeneral")
    )
    return next(chr(code) for code in sorted(stix.keys() - default.keys()) if code > 0x1D00)


def test_a_figure_gets_a_font_for_a_character_that_its_own_lacks(foreign, tmp_path):
    figure = titled(f"Größe {foreign}")
    assert add_fonts(figure) == ""
    first, *others = figure._suptitle.get_fontfamily()
    assert first == "sans-serif"
    assert others
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(tmp_path / "figure.png")


def test_fonts_of_a_figure_stay_where_the_default_has_all_characters():
    figure = titled("Größe, Цена")
    assert add_fonts(figure) == ""
    assert figure._suptitle.get_fontfamily() == ["sans-serif"]


def test_fonts_that_draw_placeholders_are_not_taken():
    assert _families_with(frozenset(NOWHERE)) == ((), "".join(sorted(NOWHERE)))


def test_missing_glyphs_are_one_warning_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    _families_with.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save_picture(titled("物流表扬"), tmp_path / "figure.png")
    _families_with.cache_clear()
    [warning] = caught
    assert "has the characters '扬流物表', which are boxes in figure.png;" in str(warning.message)
    assert "install a font" in str(warning.message)
    assert (tmp_path / "figure.png").stat().st_size > 0


def test_class_names_of_any_script_are_drawn(foreign, tmp_path):
    texts, labels = ["oil rises", "team wins"], [foreign, "Sports"]
    result = compare_classifiers({"constant": DummyClassifier()}, texts, labels, texts, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_confusion_matrices(result).savefig(tmp_path / "matrices.png")


def test_plots_of_a_report_leave_fonts_to_the_browser_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = svg_figure(lambda: SimpleNamespace(figure_=titled("物流")), caption="")
    assert "物流" in svg
