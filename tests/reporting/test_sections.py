import numpy as np
import pytest

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.reporting._sections import (
    contents,
    costs_section,
    disagreements_section,
    header,
    pairs_section,
    provenance_section,
    scores_section,
    section,
)

LABELS = np.array(["World", "Sports"] * 10)


class Fragment:
    def _repr_html_(self):
        return "<i>why</i>"


@pytest.fixture(scope="module")
def result():
    wrong = np.where(np.arange(20) < 4, LABELS[::-1], LABELS)
    return ComparisonResult.from_predictions(
        LABELS, {"good": LABELS, "<poor>": wrong}, random_state=0
    )


def test_the_header_has_the_verdict_and_escapes_names_and_notice(result):
    html = header(result, "Titles & co", "Synthetic <rows>.")
    assert "<h1>Titles &amp; co</h1>" in html
    assert "good (100.00 %)" in html or "good is significantly" in html
    assert "&lt;poor&gt;" in html
    assert '<p class="notice">Synthetic &lt;rows&gt;.</p>' in html
    assert "notice" not in header(result, "t", "")


def test_a_single_classifier_has_no_pairs():
    alone = ComparisonResult.from_predictions(LABELS, {"good": LABELS}, random_state=0)
    assert pairs_section(alone) == ""


def test_pairs_name_their_test_and_their_effect(result):
    html = pairs_section(result)
    assert "McNemar's exact test" in html.replace("&#x27;", "'")
    assert "Cohen&#x27;s g" in html
    assert 'data-path="pairwise|0|only_a"' in html


def test_abstentions_have_a_column_only_if_there_are_any(result):
    assert "abstained, %" not in scores_section(result)


def test_unknown_costs_are_dashes(result):
    assert costs_section(result).count('<span class="figure">–</span>') > 10


def test_disagreements_show_the_text_cut_and_escaped(result):
    texts = ["<b>oil</b> " + "x" * 500] * 20
    html = disagreements_section(result, texts, {"good": Fragment()})
    assert "&lt;b&gt;oil" in html
    assert " …" in html
    assert "x" * 401 not in html
    assert "On 4 of 20 rows" in html
    assert '<div class="scroll"><i>why</i></div>' in html


def test_without_texts_and_explanations_there_are_no_disagreements(result):
    assert disagreements_section(result, None, {}) == ""


def test_provenance_names_source_rows_and_seed(result):
    html = provenance_section(result, "AG News")
    assert "<dt>data</dt><dd>AG News</dd>" in html
    assert "<dd>20 rows, 20 predictions each</dd>" in html
    assert f"2,000 resamples, random seed {result.seed}" in html
    assert "<dt>data</dt>" not in provenance_section(result, "")


def test_headings_are_text():
    assert section("a < b", "<p></p>").startswith('<section id="a-b">\n<h2>a &lt; b</h2>')


def test_contents_link_the_sections():
    found = contents([section("Scores, %", ""), "", section("Data & rows", "")])
    assert '<a href="#scores">Scores, %</a> <a href="#data-rows">Data &amp; rows</a>' in found
