import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from agnews_sk.evaluation import ComparisonResult, compare_classifiers
from agnews_sk.reporting import write_report
from tests.browser import Browser, find_chromium

pytest.importorskip("matplotlib")

LABELS = ["Business", "Sci/Tech", "Sports", "World"]
WORDS = {
    "Business": ["oil", "shares", "profit", "bank"],
    "Sci/Tech": ["probe", "chip", "comet", "software"],
    "Sports": ["cup", "coach", "goal", "team"],
    "World": ["envoy", "border", "vote", "summit"],
}


class Finding:
    def _repr_html_(self):
        return "<p>Two texts are <em>alike</em>.</p>"


def news(n_rows, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(LABELS, n_rows)
    texts = [" ".join(rng.choice(WORDS[label], 2)) for label in labels]
    noise = rng.choice(np.concatenate(list(WORDS.values())), n_rows)
    return [f"{text} {word}" for text, word in zip(texts, noise)], labels


@pytest.fixture(scope="module")
def result():
    classifiers = {
        "bayes of words, all 400 rows": make_pipeline(CountVectorizer(), MultinomialNB()),
        "a <b>constant</b> & nothing more, whatever the text may say": DummyClassifier(),
        "bayes of pairs": make_pipeline(CountVectorizer(ngram_range=(2, 2)), MultinomialNB()),
    }
    rows = news(400, 0), news(300, 1)
    return compare_classifiers(classifiers, *rows[0], *rows[1], n_resamples=200, random_state=0)


@pytest.fixture(scope="module")
def page(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    texts = [f"{text} {'unbroken' * 30}" for text in news(300, 1)[0]]
    write_report(result, path, source="300 rows", notice="Made up.", texts=texts)
    return path


class Figures(HTMLParser):
    """Collects what each data element says: path, value and the text that is read."""

    def __init__(self):
        super().__init__()
        self.found, self.open = [], None

    def handle_starttag(self, tag, attributes):
        if tag == "data":
            self.open = dict(attributes)

    def handle_data(self, text):
        if self.open is not None:
            path, value = self.open["data-path"], float(self.open["value"])
            self.found.append((path.split("|"), value, text))
            self.open = None


def test_every_number_of_the_page_is_that_of_the_json(result, page, tmp_path):
    result.to_json(tmp_path / "comparison.json")
    comparison = json.loads((tmp_path / "comparison.json").read_text())
    figures = Figures()
    figures.feed(page.read_text(encoding="utf-8"))
    assert len(figures.found) > 100
    for (part, key, column), value, shown in figures.found:
        row = comparison[part][int(key) if part == "pairwise" else key]
        assert value == row[column], (part, key, column)
        assert agrees(shown, value), (part, key, column, shown)


def agrees(shown, value):
    """Return whether a text is the rounded value, a hundred times it, or a millionth of it."""
    if shown == "< 0.001":
        return value < 0.001
    number = float(shown.replace(",", "").replace("−", "-"))
    decimals = len(shown.partition(".")[2])
    return any(abs(number - value * f) <= 0.5001 * 10**-decimals for f in (1, 100, 1e-6))


def test_the_page_begins_with_the_verdict(result, page):
    html = page.read_text(encoding="utf-8")
    sentence = re.search(r'<p class="verdict">(.*?)</p>', html).group(1)
    leader = result.scores["accuracy"].idxmax()
    assert sentence.startswith("Take ")
    assert f"{leader} is significantly more accurate than" in html
    assert html.index('class="verdict"') < html.index("<table")


def test_names_and_texts_are_escaped(page):
    html = page.read_text(encoding="utf-8")
    assert "<b>" not in html
    assert "&lt;b&gt;constant" in html


def test_the_page_loads_nothing(page):
    html = page.read_text(encoding="utf-8")
    assert not re.search(r"<(script|iframe|img)\b", html)
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    assert "default-src 'none'" in html


def test_findings_and_explanations_are_embedded(result, tmp_path):
    write_report(result, tmp_path / "r.html", findings=Finding(), explanations={"tfidf": Finding()})
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<em>alike</em>") == 2


def test_a_result_without_costs_and_probabilities_can_be_reported(tmp_path):
    labels = ["World", "Sports"] * 10
    result = ComparisonResult.from_predictions(labels, {"a": labels}, random_state=0)
    write_report(result, tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "a has an accuracy of 100.00 %" in html
    assert "Pairwise tests" not in html


def test_too_few_texts_are_rejected(result, tmp_path):
    with pytest.raises(ValueError, match="texts must have the 300 rows of the result, got 2"):
        write_report(result, tmp_path / "r.html", texts=["oil", "cup"])


@pytest.fixture(scope="module")
def browser():
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium is installed; apt-get install chromium brings one")
    found = Browser(chromium)
    yield found
    found.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_a_browser_shows_the_page_without_error_request_or_overflow(page, browser, width, dark):
    browser.open(page.as_uri(), width=width, dark=dark)
    assert browser.errors() == []
    asked = [url for url in browser.requests() if not url.startswith("data:")]
    assert asked == [page.as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    beyond = (
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > "
        "innerWidth + 1).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"
    )
    assert browser.evaluate(beyond) == []
    background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 150) == dark


def test_a_browser_would_see_a_request_an_error_and_overflow(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(
        "<img src='http://127.0.0.1:9/x.png'><div style='width:3000px'>x</div>"
        "<script>undefinedFunction()</script>"
    )
    browser.open(path.as_uri(), width=390, dark=False)
    assert browser.evaluate("document.documentElement.scrollWidth") > 390
    assert len(browser.requests()) == 2
    assert browser.errors()
