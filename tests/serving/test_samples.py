"""Sample texts: which are accepted, who may read them, and their buttons on the page."""

import json

import pandas as pd
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.testclient import TestClient

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import MAX_SAMPLES, Limits, create_app
from tests.browser import Browser, find_chromium
from tests.serving.conftest import LABELS
from tests.serving.server import in_thread

MARKUP = "<img src=x onerror=document.title='hacked'> <b>oil</b> \U0001f600" + " oil prices" * 20
SAMPLES = [
    {"title": "Cup final", "description": "The team\nwins."},
    "Oil prices rise",
    MARKUP,
]
ROW = {"text": "Oil", "amount": 2, "urgent": True, "due": "2026-01-02", "opened": None}


@pytest.fixture(scope="session")
def beside():
    """A model of texts beside a number, a truth value, a date and a time."""
    frame = pd.DataFrame(
        {
            "text": ["Oil prices", "Bank shares", "Cup final", "Coach resigns"] * 6,
            "amount": [1.0, 2.0, 3.0, None] * 6,
            "urgent": [True, False, False] * 8,
            "due": pd.date_range("2026-01-01", periods=24, freq="D"),
            "opened": pd.date_range("2026-01-01 08:30", periods=24, freq="7h"),
        }
    )
    return make_tfidf_pipeline(columns="auto").fit(frame, LABELS * 6)


def samples_of(app, **headers):
    return TestClient(app).get("/samples", headers=headers)


def test_samples_are_what_the_service_was_given(pipeline):
    assert samples_of(create_app(pipeline, samples=SAMPLES)).json() == {"samples": SAMPLES}
    assert samples_of(create_app(pipeline, samples=iter(["\ud800 oil"]))).status_code == 200


def test_a_service_has_no_samples_of_its_own(pipeline):
    assert samples_of(create_app(pipeline)).json() == {"samples": []}


def test_samples_need_the_key(pipeline):
    app = create_app(pipeline, samples=["Oil"], api_key="a")
    assert samples_of(app).status_code == 401
    assert samples_of(app, **{"X-API-Key": "a"}).json() == {"samples": ["Oil"]}
    assert "Oil" not in TestClient(app).get("/").text


def test_cells_beside_texts_become_values_of_their_kinds(beside):
    given = ROW | {"amount": "2", "urgent": "yes", "opened": pd.Timestamp("2026-01-02 10:30")}
    (sample,) = samples_of(create_app(beside, samples=[given])).json()["samples"]
    assert (sample["text"], sample["amount"], sample["urgent"]) == ("Oil", 2, True)
    assert sample["due"].startswith("2026-01-02")
    assert sample["opened"] == "2026-01-02T10:30:00"
    with TestClient(create_app(beside)) as client:
        assert client.post("/predict", json={"texts": [sample]}).status_code == 200


def test_of_too_many_samples_the_first_are_shown_with_a_warning(pipeline):
    many = [f"text {i}" for i in range(30)]
    with pytest.warns(UserWarning, match=f"samples has 30 texts, .* shows the first {MAX_SAMPLES}"):
        app = create_app(pipeline, samples=many)
    assert samples_of(app).json() == {"samples": many[:MAX_SAMPLES]}


@pytest.mark.parametrize(
    ("samples", "kind", "reason"),
    [
        ("Oil", TypeError, "samples must be a list of texts or rows, got 'Oil'"),
        ([], ValueError, "samples is empty; pass at least one text, or None"),
        (["Oil", " \n"], ValueError, r"samples\[1\] has no text"),
        ([{"title": None}], ValueError, r"samples\[0\] has no text"),
        ([3], TypeError, r"samples\[0\] must be a text or the cells of a row, got 3"),
        (["a" * 101], ValueError, r"samples\[0\] has 101 characters, at most 100 are allowed"),
        ([{"title": "a" * 60, "description": "a" * 60}], ValueError, "has 121 characters"),
        ([{"title": "a", "body": "b"}], ValueError, r"cell of 'body'; the columns .*'title', 'des"),
        ([{"title": 3}], ValueError, "title is a column of texts, got 3"),
    ],
    ids=["text", "empty", "blank", "none", "number", "long", "long row", "column", "cell"],
)
def test_other_samples_are_rejected(pipeline, samples, kind, reason):
    with pytest.raises(kind, match=reason):
        create_app(pipeline, samples=samples, limits=Limits(max_explained_characters=100))


def test_cells_of_another_kind_are_rejected(beside):
    with pytest.raises(ValueError, match=r"samples\[0\]: amount must be a number, got 'much'"):
        create_app(beside, samples=[ROW | {"amount": "much"}])


# What a browser shows.

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium")
BUTTONS = "[...document.querySelectorAll('#samples button')]"


@pytest.fixture(scope="module")
def browser():
    browser = Browser(find_chromium())
    yield browser
    browser.close()


def open_page(browser, address, *, width=1100, dark=False):
    browser.open(address, width=width, dark=dark)
    browser.wait_for("models.length > 0 && document.readyState === 'complete'")


def click(browser, i):
    """Click a sample, and return the labels of the cards that follow."""
    browser.evaluate("document.getElementById('results').replaceChildren()")
    browser.evaluate(f"{BUTTONS}[{i}].click()")
    browser.wait_for("document.querySelector('.card') && !document.getElementById('ask').disabled")
    return browser.evaluate(
        "[...document.querySelectorAll('.label')].map((label) => label.textContent)"
    )


@needs_chromium
def test_a_click_fills_the_fields_and_predicts(browser, pipeline):
    values = "entries().map((field) => field.value)"
    with in_thread(create_app(pipeline, samples=SAMPLES)) as address:
        open_page(browser, address)
        browser.wait_for(f"{BUTTONS}.length === 3")
        assert ("group", "Sample texts") in browser.roles_and_names()
        assert browser.evaluate(f"{BUTTONS}[0].textContent") == "Cup final The team wins."
        assert click(browser, 0) == ["Sports"]
        assert browser.evaluate(values) == ["Cup final", "The team\nwins."]
        assert click(browser, 1) == ["Business"]
        assert browser.evaluate(values) == ["", "Oil prices rise"]
        assert browser.errors() == []


@needs_chromium
def test_samples_are_never_markup_and_are_cut(browser, pipeline):
    with in_thread(create_app(pipeline, samples=SAMPLES)) as address:
        open_page(browser, address)
        browser.wait_for(f"{BUTTONS}.length === 3")
        shown = browser.evaluate(f"{BUTTONS}[2].textContent")
        assert (shown[:-1], shown[-1]) == (MARKUP[:80], "…")
        click(browser, 2)
        assert browser.evaluate("fields().at(-1).value") == MARKUP
        found = "document.querySelectorAll('#samples img, #samples b, #results img').length"
        assert browser.evaluate(found) == 0
        assert browser.evaluate("document.title") == "Text classifier"
        assert browser.errors() == []


@needs_chromium
def test_without_samples_there_are_no_buttons(browser, pipeline):
    with in_thread(create_app(pipeline)) as address:
        open_page(browser, address)
        browser.wait_for("document.querySelector('#fields textarea') !== null")
        display = "getComputedStyle(document.getElementById('samples')).display"
        assert browser.evaluate(display) == "none"
        assert browser.evaluate(f"{BUTTONS}.length") == 0


@needs_chromium
def test_cells_beside_texts_are_filled_in_and_those_of_the_last_sample_cleared(browser, beside):
    row = ROW | {"opened": "2026-01-02T10:30:00"}
    with in_thread(create_app(beside, samples=[row, ROW, "Cup final"])) as address:
        open_page(browser, address)
        browser.wait_for(f"{BUTTONS}.length === 3")
        values = "Object.fromEntries(entries().map((field) => [field.dataset.column, field.value]))"
        click(browser, 0)
        expected = {"text": "Oil", "amount": "2", "urgent": "true", "due": "2026-01-02"}
        assert browser.evaluate(values) == expected | {"opened": "2026-01-02T10:30"}
        click(browser, 1)
        assert browser.evaluate(values) == expected | {"opened": ""}
        click(browser, 2)
        assert browser.evaluate(values) == dict.fromkeys(row, "") | {"text": "Cup final"}


@needs_chromium
def test_models_with_different_columns_get_the_whole_text(browser, pipeline):
    models = {"news": pipeline, "other": make_tfidf_pipeline().fit(OTHER, LABELS)}
    with in_thread(create_app(models, samples=[SAMPLES[0]])) as address:
        open_page(browser, address)
        browser.wait_for(f"{BUTTONS}.length === 1")
        assert len(click(browser, 0)) == 2
        assert browser.evaluate("entries().map((field) => field.value)") == [
            "Cup final The team\nwins."
        ]


OTHER = pd.DataFrame({"subject": ["Oil up", "Bank low", "Cup won", "Coach out"]})


@needs_chromium
@pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desk"])
def test_long_samples_do_not_widen_the_page(browser, pipeline, width):
    with in_thread(create_app(pipeline, samples=["x" * 300, json.dumps(ROW)] * 4)) as address:
        open_page(browser, address, width=width)
        browser.wait_for(f"{BUTTONS}.length === 8")
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
