import json
import re
import time
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import create_app
from tests.browser import Browser, find_chromium
from tests.serving.conftest import SETS, texts_of_sets
from tests.serving.server import in_thread

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium")
ENTER, TAB, CONTROL = {"key": "Enter", "code": 13}, {"key": "Tab", "code": 9}, 2


class Contrary:
    """Predicts Sports for every text."""

    classes_ = np.array(["Business", "Sports"])

    def predict_proba(self, texts):
        return np.tile([0.1, 0.9], (len(texts), 1))


@pytest.fixture(scope="module")
def browser():
    browser = Browser(find_chromium())
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def address(pipeline):
    with in_thread(create_app({"tfidf": pipeline, "contrary": Contrary()})) as address:
        yield address


@pytest.fixture
def page(browser, address):
    browser.open(address, width=1100, dark=False)
    browser.wait_for("document.querySelectorAll('#models input').length === 2")
    return browser


def give(page, text):
    page.evaluate(f"document.querySelector('#fields textarea').value = {json.dumps(text)}")


def cards(page):
    page.wait_for("document.querySelector('.card') && !document.getElementById('ask').disabled")
    return page.evaluate(
        "[...document.querySelectorAll('.card')].map((card) =>"
        " [card.querySelector('h2').textContent, card.querySelector('.label').textContent])"
    )


def drop(page, name, content):
    page.evaluate(
        "(() => { const data = new DataTransfer();"
        f"data.items.add(new File([{json.dumps(content)}], {json.dumps(name)}));"
        "document.body.dispatchEvent(new DragEvent('drop',"
        " {dataTransfer: data, bubbles: true, cancelable: true})); })()"
    )


def test_two_models_predict_side_by_side_with_bars_and_nothing_leaves_the_server(page, address):
    give(page, "Oil prices rise")
    page.evaluate("document.getElementById('ask').click()")
    assert cards(page) == [["tfidf", "Business"], ["contrary", "Sports"]]
    tops = "[...document.querySelectorAll('.card')].map((c) => c.getBoundingClientRect().top)"
    assert len(set(page.evaluate(tops))) == 1
    values = "[...document.querySelectorAll('.card:last-child progress')].map((p) => p.value)"
    assert page.evaluate(values) == [0.9, 0.1]
    notes = "[...document.querySelectorAll('.card:last-child .hint')].map((p) => p.textContent)"
    latency, note = page.evaluate(notes)
    assert re.fullmatch(r"Response with explanation after \d+ ms\.", latency)
    assert note.startswith("without words:")
    assert {urlsplit(url).netloc for url in page.requests()} == {urlsplit(address).netloc}
    assert page.errors() == []


def test_different_and_uncertain_predictions_are_marked(page):
    give(page, "Oil prices rise")
    page.evaluate("document.getElementById('ask').click()")
    cards(page)
    assert page.evaluate("byId('status').textContent").endswith("The models differ.")
    assert page.evaluate("document.querySelector('.card:last-child .warning')") is None  # 0.9, 0.1
    doubts = {
        "{probabilities: {a: 0.6, b: 0.4}}": "Uncertain: or b",
        "{probabilities: {a: 0.8, b: 0.2}}": "",
        "{probabilities: {a: 1}}": "",
        "{probabilities: {a: 0.45, b: 0.1}, labels: []}, {a: 0.5, b: 0.5}": "Uncertain: a",
        "{probabilities: {a: 0.9, b: 0.1}, labels: ['a']}, {a: 0.5, b: 0.5}": "",
    }
    assert {given: page.evaluate(f"doubt({given})") for given in doubts} == doubts


def test_words_that_explain_the_prediction_are_marked(page):
    give(page, "\U0001f600 Oil prices rise")
    page.evaluate("document.getElementById('ask').click()")
    cards(page)
    marks = "[...document.querySelectorAll('.card:first-child mark')].map((m) => m.textContent)"
    assert {"Oil", "prices", "rise"} <= set(page.evaluate(marks))


@pytest.fixture(scope="module")
def of_characters():
    """Fitted on Chinese headlines, of which characters are counted."""
    texts = ["石油价格上涨", "油价下跌石油", "球队赢得决赛", "教练宣布球队"]
    pipeline = make_tfidf_pipeline(vectorize__units="characters")
    return pipeline.fit(texts, ["oil", "oil", "cup", "cup"])


def test_words_of_chinese_texts_are_marked_by_a_model_of_characters(browser, of_characters):
    with in_thread(create_app(of_characters)) as address:
        browser.open(address, width=1100, dark=False)
        browser.wait_for("document.querySelector('#fields textarea') !== null")
        give(browser, "石油石油和球队")
        browser.evaluate("document.getElementById('ask').click()")
        ((_, label),) = cards(browser)
        marks = "[...document.querySelectorAll('.card mark')].map((mark) => mark.textContent)"
        assert label == "oil"
        assert {"石油", "球队"} <= set(browser.evaluate(marks))


def test_the_page_can_be_used_by_keyboard_alone(page):
    page.evaluate("document.querySelector('#fields textarea').focus()")
    page.call("Input.insertText", text="Cup final")
    page.press(**ENTER, modifiers=CONTROL)
    assert cards(page)[0] == ["tfidf", "Sports"]
    focused = "document.activeElement.id || document.activeElement.tagName"
    page.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(10):
        page.press(**TAB)
        seen.append(page.evaluate(focused))
    assert {"field-0", "field-1", "ask", "file", "SUMMARY", "INPUT"} <= set(seen)


def test_a_screen_reader_finds_names_and_announces_the_prediction(page):
    named = page.roles_and_names()
    assert {
        ("heading", "Which label fits this text?"),
        ("textbox", "title"),
        ("textbox", "description"),
        ("button", "Classify"),
        ("group", "Models"),
        ("checkbox", "tfidf"),
    } <= named
    controls = {"textbox", "button", "checkbox", "combobox"}
    assert [role for role, name in named if role in controls and not name] == []
    give(page, "Oil prices rise")
    page.evaluate("document.getElementById('ask').click()")
    cards(page)
    told = page.evaluate("document.querySelector('[role=status]').textContent")
    assert told == "tfidf: Business; contrary: Sports. The models differ."


def test_a_dropped_csv_becomes_a_table_and_a_csv(page):
    content = 'class,title,description\n3,"Oil ""dear"", rises",Bank\n2,=cup(),"Two\nlines"\n'
    drop(page, "rows.csv", content)
    page.wait_for("document.querySelectorAll('tbody tr').length === 2")
    rows = page.evaluate(
        "[...document.querySelectorAll('tbody tr')].map((row) =>"
        " [...row.children].map((cell) => cell.textContent))"
    )
    assert rows[0][:2] == ['Oil "dear", rises', "Bank"]
    assert rows[0][2].startswith("Business")
    assert rows[1][1] == "Two\nlines"
    page.wait_for("document.getElementById('status').textContent.includes('differ on 1')")
    saved = page.evaluate("asCsv(['=cup()'], ['m'], [[{label: 'S', probabilities: {S: 0.9}}]])")
    assert saved == '"text","m label","m probability"\r\n"\'=cup()","S","0.9"\r\n'


def test_the_fields_are_the_columns_of_the_model_and_are_joined_as_in_training(page, pipeline):
    labels = "[...document.querySelectorAll('#fields label')].map((label) => label.textContent)"
    assert page.evaluate(labels) == ["title", "description"]
    assert "columns title, description." in page.evaluate(
        "document.getElementById('hint').textContent"
    )
    page.evaluate("document.getElementById('field-0').value = 'Cup final'")
    page.evaluate("document.getElementById('field-1').value = 'The team wins.'")
    page.evaluate("document.getElementById('ask').click()")
    cards(page)
    shown = page.evaluate("document.querySelector('.card:first-child .prepared').textContent")
    assert shown == "Cup final The team wins."


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("rows.tsv", "id\tDescription\n1\toil\n2\tcup\n", ["oil", "cup"]),
        ("rows.csv", "text\noil, up\ncup\n", ["oil, up", "cup"]),
        ("rows.csv", "one text\nanother text\n", ["one text", "another text"]),
    ],
    ids=["another separator", "text column", "lines"],
)
def test_rows_are_found_by_the_names_of_their_columns(page, name, content, texts):
    drop(page, name, content)
    page.wait_for("document.querySelectorAll('tbody tr').length === 2")
    cells = "[...document.querySelectorAll('tbody tr')].map((row) => row.children[0].textContent)"
    assert page.evaluate(cells) == texts


def test_columns_are_never_guessed(page):
    drop(page, "rows.csv", "comment,queue\noil is dear,prices\n")
    page.wait_for("document.getElementById('status').classList.contains('bad')")
    said = page.evaluate("document.getElementById('status').textContent")
    assert said == (
        "The first line of the file must name the columns title, description; it has comment, "
        "queue."
    )


def test_what_is_hidden_takes_no_place(page):
    page.evaluate("document.getElementById('models').hidden = true")
    display = "getComputedStyle(document.getElementById('models')).display"
    assert page.evaluate(display) == "none"


def test_the_page_sends_no_request_while_it_waits_for_one(page):
    give(page, "Oil prices rise")
    page.evaluate("(() => { ask(); ask(); })()")
    cards(page)
    time.sleep(0.2)
    assert len([url for url in page.requests() if url.endswith("/predict")]) == 2


def test_texts_are_never_markup(page):
    give(page, "<img src=x onerror=document.title='hacked'> <b>oil</b>")
    page.evaluate("document.getElementById('ask').click()")
    cards(page)
    time.sleep(0.05)
    assert page.evaluate("document.querySelectorAll('#results img, #results b').length") == 0
    assert page.evaluate("document.title") == "Text classifier"


@pytest.fixture(scope="module")
def sets_and_columns():
    """One model that predicts several labels, with columns beside its texts."""
    frame = pd.DataFrame(
        {
            "subject": texts_of_sets(),
            "amount": [1.0, 2.0, 3.0, None] * 12,
            "opened": pd.date_range("2026-01-01 08:30", periods=48, freq="7h"),
            "due": pd.date_range("2026-01-01", periods=48, freq="D"),
            "country": ["DE", "DE", "FR"] * 16,
            "urgent": [True, False, False] * 16,
        }
    )
    model = make_tfidf_pipeline(columns="auto", vectorize__weight=0.1).fit(frame, SETS)
    with in_thread(create_app({"tickets": model})) as address:
        yield address, model


@pytest.fixture
def form(browser, sets_and_columns):
    browser.open(sets_and_columns[0], width=1100, dark=False)
    browser.wait_for("document.querySelector('.beside') !== null")
    return browser


def test_a_form_has_a_field_for_each_column_of_the_right_kind(form):
    kinds = form.evaluate(
        "entries().map((field) => [field.dataset.column, field.labels[0].textContent, field.type])"
    )
    assert kinds == [
        ["subject", "subject", "textarea"],
        ["amount", "amount", "number"],
        ["opened", "opened", "datetime-local"],
        ["due", "due", "date"],
        ["country", "country", "text"],
        ["urgent", "urgent", "select-one"],
    ]
    values = "[...document.querySelectorAll('datalist option')].map((one) => one.value)"
    assert form.evaluate(values) == ["DE", "FR"]


def test_all_labels_are_shown_with_bars_and_those_above_their_threshold_are_marked(
    form, sets_and_columns
):
    model = sets_and_columns[1]
    row = {"subject": "oil and war", "amount": 3, "opened": "2026-01-02T10:00", "due": None}
    row |= {"country": "FR", "urgent": False}
    cells = ["oil and war", "3", "2026-01-02T10:00", "", "FR", "false"]
    form.evaluate(f"{json.dumps(cells)}.forEach((cell, i) => {{ entries()[i].value = cell; }})")
    form.evaluate("document.getElementById('ask').click()")
    assert cards(form) == [["tickets", ", ".join(model.predict(pd.DataFrame([row]))[0])]]
    chosen = "[...document.querySelectorAll('dt')].map((one) => one.textContent)"
    assert sorted(form.evaluate(chosen)) == ["✓ oil", "✓ war"]
    shares = form.evaluate("[...document.querySelectorAll('progress')].map((bar) => bar.value)")
    assert sorted(shares) == pytest.approx(sorted(model.predict_proba(pd.DataFrame([row]))[0]))
    explained = "[...document.querySelectorAll('.card h3')].map((one) => one.textContent)"
    assert sorted(form.evaluate(explained)) == [f"Words that explain {x}" for x in ("oil", "war")]
    beside = form.evaluate("document.querySelector('.outside').textContent")
    assert beside.startswith("Not in the text: amount = 3, opened = 2026-01-02 10:00")
    assert form.evaluate("document.getElementById('title').textContent").startswith("Which labels")
    assert form.errors() == []


def test_a_text_without_labels_and_unknown_cells_is_predicted(form):
    give(form, "early page")
    form.evaluate("document.getElementById('ask').click()")
    assert cards(form) == [["tickets", "no label"]]


def test_a_dropped_csv_has_all_columns_and_all_labels(form):
    head = "subject,amount,opened,due,country,urgent"
    drop(form, "rows.csv", f"{head}\noil and war,3,,2026-01-02,FR,no\nearly page,,,,,\n")
    form.wait_for("document.querySelectorAll('tbody tr').length === 2")
    last = "[...document.querySelectorAll('tbody tr')].map((row) => row.lastChild.textContent)"
    first, second = form.evaluate(last)
    assert first.startswith("oil, war ")
    assert second.startswith("no label ")
    drop(form, "rows.csv", f"{head}\noil and war,much,,,FR,no\n")
    form.wait_for("document.getElementById('status').classList.contains('bad')")
    said = form.evaluate("document.getElementById('status').textContent")
    assert "amount must be a number, got 'much'" in said


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desk"])
def test_nothing_is_wider_than_the_window_and_texts_have_contrast(browser, address, width, dark):
    browser.open(address, width=width, dark=dark)
    browser.wait_for("document.querySelectorAll('#models input').length === 2")
    give(browser, "Oil prices rise " + "x" * 200)
    browser.evaluate("document.getElementById('ask').click()")
    cards(browser)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    colours = browser.evaluate(
        "(() => { const seen = getComputedStyle(document.body);"
        " const soft = getComputedStyle(document.querySelector('.hint'));"
        " return [seen.backgroundColor, seen.color, soft.color]; })()"
    )
    paper, *inks = (
        [int(part) / 255 for part in colour.strip("rgb()").split(", ")] for colour in colours
    )
    assert (luminance(paper) < 0.5) == dark
    assert min(contrast(ink, paper) for ink in inks) >= 4.5  # WCAG 2.2, level AA


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)
