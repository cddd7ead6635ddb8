"""The page to label texts on: its requests, and what a browser shows."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.testclient import TestClient
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.cli._page_file import page_file
from agnews_sk.labelling import ActiveLearner, LabellingSession
from agnews_sk.serving import create_labelling_app, serve_labelling
from agnews_sk.vectorization import NgramVectorizer
from tests.browser import Browser, find_chromium
from tests.serving.server import in_thread

KEY = "key-of-the-test"
CLASSES = ["oil", "cup", "war"]
TEXTS = [f"{CLASSES[i % 3]} number {i}" for i in range(90)]


@contextmanager
def session_in(folder, *, texts=TEXTS, classes=CLASSES, n_initial=6):
    pipeline = make_pipeline(NgramVectorizer(), LogisticRegression())
    learner = ActiveLearner(pipeline, n_initial=n_initial, cv=2, random_state=0)
    with LabellingSession(
        texts, Path(folder) / "labels.csv", learner, classes=classes, batch_size=6
    ) as session:
        yield session
        session.wait()


@pytest.fixture
def session(tmp_path):
    with session_in(tmp_path) as session:
        yield session


@pytest.fixture
def client(session):
    app = create_labelling_app(session, KEY)
    with TestClient(app, base_url="http://127.0.0.1", headers={"X-API-Key": KEY}) as client:
        yield client


def decide(client, action="label", **more):
    row = client.get("/state").json()["item"]["row"]
    body = {"row": row, "action": action} | more
    return client.post("/decide", json=body)


def test_a_label_is_in_the_file_when_the_next_text_comes(client, session):
    row = client.get("/state").json()["item"]["row"]
    state = decide(client, label="oil").json()
    with open(session.path, encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["row"], line["label"], line["text"]) == (str(row + 1), "oil", TEXTS[row])
    assert state["item"]["row"] != row
    assert state["item"]["texts"] == [{"name": "text", "text": TEXTS[state["item"]["row"]]}]
    assert state["progress"]["n_labelled"] == 1


def test_unsure_skip_and_undo(client):
    first = client.get("/state").json()["item"]["row"]
    decide(client, "unsure")
    progress = decide(client, "skip").json()["progress"]
    assert (progress["n_unsure"], progress["n_skipped"]) == (1, 1)
    client.post("/undo")
    state = client.post("/undo").json()
    assert state["item"]["row"] == first
    assert client.post("/undo").status_code == 200  # nothing is left to take back


def test_the_accuracy_and_suggestions_come_after_a_batch(client, session):
    for _ in range(12):
        row = client.get("/state").json()["item"]["row"]
        decide(client, label=CLASSES[row % 3])
        session.wait()
    state = client.get("/state").json()
    assert state["progress"]["estimate"]["n_rows"] >= 6
    assert set(state["progress"]["counts"]) == set(CLASSES)
    assert state["item"]["suggested"] in CLASSES


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"row": 1000, "action": "label", "label": "oil"}, 409),
        ({"row": 0, "action": "label", "label": "tin"}, 409),
        ({"row": -1, "action": "skip"}, 422),
        ({"row": 0, "action": "delete"}, 422),
        ({"row": "0", "action": "skip"}, 422),
        ({"row": 0, "action": "label", "label": "a" * 300}, 422),
        ({"row": 0, "action": "skip", "path": "/etc"}, 422),
    ],
    ids=["no row", "no class", "negative", "action", "text", "long", "more"],
)
def test_other_decisions_are_rejected(client, session, body, status):
    assert client.post("/decide", json=body).status_code == status
    assert session.labels == {}


def test_a_text_that_another_window_decided_is_not_decided_again(client, session):
    row = client.get("/state").json()["item"]["row"]
    decide(client, label="oil")
    again = client.post("/decide", json={"row": row, "action": "label", "label": "cup"})
    assert (again.status_code, session.labels) == (409, {row: "oil"})


def test_a_full_disk_is_reported_and_the_text_stays(client, session, monkeypatch):
    row = client.get("/state").json()["item"]["row"]

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    failed = decide(client, label="oil")
    monkeypatch.undo()
    assert failed.status_code == 507
    assert failed.json()["detail"] == "the label could not be saved: No space left on device."
    assert client.get("/state").json()["item"]["row"] == row


def test_a_file_that_another_program_saved_is_reported(client, session):
    row = client.get("/state").json()["item"]["row"]
    decide(client, label="oil")
    with open(session.path, "ab") as file:
        file.write(b"\r\n")
    reason = "labels.csv has been changed by another program"
    for failed, what in [
        (decide(client, label="oil"), "the label could not be saved"),
        (client.post("/undo"), "nothing could be taken back"),
    ]:
        assert failed.status_code == 507
        assert what in failed.json()["detail"]
        assert reason in failed.json()["detail"]
    assert list(session.labels) == [row]


def test_labels_are_added(client, session):
    assert client.post("/classes", json={"name": " tin "}).json()["classes"] == [*CLASSES, "tin"]
    twice = client.post("/classes", json={"name": "tin"})
    assert (twice.status_code, twice.json()["detail"]) == (422, "there is a label 'tin' already.")
    assert client.post("/classes", json={"name": "=a"}).status_code == 422
    (session.path.parent / ".labels.classes.json").mkdir()  # where it would be written
    failed = client.post("/classes", json={"name": "zinc"})
    assert failed.status_code == 507
    assert "the label could not be added" in failed.json()["detail"]
    assert session.classes == [*CLASSES, "tin"]


def test_labels_without_texts_are_removed(client, session):
    client.post("/classes", json={"name": "a/b"})
    removed = client.post("/classes/remove", json={"name": "a/b"})
    assert (removed.status_code, removed.json()["classes"]) == (200, CLASSES)
    decide(client, label="oil")
    kept = client.post("/classes/remove", json={"name": "oil"})
    assert (kept.status_code, session.classes) == (409, CLASSES)
    assert kept.json()["detail"].startswith("1 texts have the label 'oil'")
    assert client.post("/classes/remove", json={"name": "a/b"}).status_code == 409
    (session.path.parent / ".labels.classes.json").mkdir()  # where it would be written
    failed = client.post("/classes/remove", json={"name": "war"})
    assert failed.status_code == 507
    assert "the label could not be removed" in failed.json()["detail"]
    assert session.classes == CLASSES


@pytest.mark.parametrize("tool", ["label_studio", "doccano"])
def test_all_texts_are_exported(client, tool):
    decide(client, label="oil")
    content = client.get(f"/export/{tool}").text
    entries = json.loads(content) if tool == "label_studio" else content.splitlines()
    assert len(entries) == len(TEXTS)
    assert content.count('"oil"') == 1
    assert client.get("/export/prodigy").status_code == 422


PATHS = [("GET", "/state"), ("GET", "/export/doccano")] + [
    ("POST", f"/{name}") for name in ("decide", "undo", "classes", "classes/remove", "finish")
]


@pytest.mark.parametrize(("method", "path"), PATHS, ids=[path for _, path in PATHS])
def test_texts_and_labels_need_the_key_and_this_machine_s_name(client, session, method, path):
    for headers in ({"X-API-Key": "wrong"}, {"X-API-Key": ""}):
        assert client.request(method, path, headers=headers, json={}).status_code == 401
    rebound = client.request(method, path, headers={"Host": "attacker.example"}, json={})
    assert rebound.status_code == 400
    assert session.labels == {}


def test_the_page_needs_no_key_and_holds_no_text(client):
    page = client.get("/", headers={"X-API-Key": ""})
    assert page.status_code == 200
    assert "number" not in page.text.split("</style>")[1].split("<script>")[0]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_the_session_is_served_until_it_is_finished(session):
    addresses = []
    ends = []
    thread = threading.Thread(
        target=lambda: ends.append(serve_labelling(session, on_start=addresses.append)), daemon=True
    )
    thread.start()
    deadline = time.monotonic() + 20
    while not addresses and time.monotonic() < deadline:
        time.sleep(0.01)
    (address,) = addresses
    place, key = address.split("#")
    assert urlsplit(place).hostname == "127.0.0.1"
    assert len(key) >= 20
    request = urllib.request.Request(
        f"{place}finish", b"{}", {"X-API-Key": key, "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["file"] == str(session.path)
    thread.join(20)
    assert ends == [True]


def test_a_port_in_use_is_reported(session):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on '127.0.0.1', port {port}"):
            serve_labelling(session, port=port)


# What a browser shows.

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def browser():
    browser = Browser(find_chromium())
    yield browser
    browser.close()


@pytest.fixture
def page(browser, session):
    with in_thread(create_labelling_app(session, KEY)) as address:
        open_page(browser, address)
        yield browser


def open_page(browser, address, *, key=KEY, width=1100, dark=False):
    browser.open("about:blank", width=width, dark=dark)  # else only the part after # would differ
    browser.open(f"{address}/#{key}", width=width, dark=dark)
    browser.wait_for("document.getElementById('status').textContent || state !== null")


def press(page, key):
    page.press(key, code=ord(key.upper()), text=key)


def text_of(page, name):
    return page.evaluate(f"document.getElementById('{name}').textContent")


def label_by_key(page, n):
    """Label texts by their number keys, and return the rows."""
    rows = []
    for _ in range(n):
        row = page.evaluate("state.item.row")
        press(page, str(row % 3 + 1))
        page.wait_for(f"!busy && state.item?.row !== {row}")
        rows.append(row)
    return rows


@needs_chromium
def test_texts_are_labelled_by_keyboard_alone(page, session):
    rows = label_by_key(page, 7)
    assert session.labels == {row: CLASSES[row % 3] for row in rows}
    assert text_of(page, "facts") == "7 of 90 texts labelled"
    for key, facts in [("u", ", 1 unsure"), ("s", ", 1 unsure, 1 skipped")]:
        row = page.evaluate("state.item.row")
        press(page, key)
        page.wait_for(f"!busy && state.item.row !== {row}")
        assert text_of(page, "facts") == f"7 of 90 texts labelled{facts}"
    for facts in (", 1 unsure", ""):
        press(page, "z")
        page.wait_for(f"!busy && facts(state.progress) === '7 of 90 texts labelled{facts}'")
    held = "new KeyboardEvent('keydown', {key: '1', repeat: true, bubbles: true})"
    page.evaluate(f"document.body.dispatchEvent({held})")  # a key that is held down counts once
    press(page, "9")  # there is no such label
    press(page, "x")
    page.wait_for("!busy")
    assert text_of(page, "facts") == "7 of 90 texts labelled"
    assert page.errors() == []


@needs_chromium
def test_suggestions_and_the_accuracy_are_shown(page, session):
    suggested = "document.querySelector('.suggested')?.textContent ?? ''"
    assert "known after some random texts" in text_of(page, "estimate")
    for _ in range(5):
        label_by_key(page, 6)
        session.wait()
        page.evaluate("look()")
        if page.evaluate("state.item.suggested"):
            break
    name = page.evaluate("state.item.suggested")
    assert f"{name} suggested, " in page.evaluate(suggested)
    press(page, "h")
    assert page.evaluate(suggested) == ""
    estimate = text_of(page, "estimate")
    assert estimate.startswith("Accuracy now: ")
    assert "95 % interval), measured on" in estimate
    row = page.evaluate("state.item.row")
    press(page, "1")
    page.wait_for(f"!busy && state.item.row !== {row}")
    with open(session.path, encoding="utf-8-sig", newline="") as file:
        *_, last = csv.DictReader(file)
    assert last["suggested"] == ""  # it was hidden


@needs_chromium
def test_keys_are_letters_in_a_field_and_can_be_switched_off(page, session):
    page.evaluate("document.getElementById('new-class').focus()")
    press(page, "1")
    assert page.evaluate("document.getElementById('new-class').value") == "1"
    page.press("Enter", code=13, text="\r")
    page.wait_for("state.classes.length === 4")
    assert session.classes == [*CLASSES, "1"]
    page.evaluate("document.getElementById('shortcuts').click()")
    page.evaluate("document.activeElement.blur()")
    press(page, "1")
    time.sleep(0.05)
    assert session.labels == {}


@needs_chromium
def test_an_added_label_is_removed_again_while_no_text_has_it(page, session):
    label_by_key(page, 1)
    (labelled,) = session.labels.values()
    page.evaluate("document.getElementById('more').open = true")
    page.evaluate("document.getElementById('new-class').value = 'tin'")
    page.evaluate("document.getElementById('add-class').click()")
    page.wait_for("!busy && state.classes.length === 4")
    removable = {("button", f"Remove the label {one}") for one in [*CLASSES, "tin"]}
    removable.remove(("button", f"Remove the label {labelled}"))
    named = page.roles_and_names()
    assert {one for one in named if one[0] == "button" and "Remove" in one[1]} == removable
    page.evaluate("document.querySelector('[aria-label=\"Remove the label tin\"]').click()")
    page.wait_for("!busy && state.classes.length === 3")
    assert session.classes == CLASSES
    assert ("button", "tin") not in page.roles_and_names()
    page.wait_for("document.activeElement.tagName === 'SUMMARY'")
    assert page.errors() == []


@needs_chromium
def test_a_file_of_the_user_leads_to_the_page(browser, session, tmp_path):
    with (
        in_thread(create_labelling_app(session, KEY)) as address,
        page_file(f"{address}/#{KEY}", tmp_path) as path,
    ):
        assert path.stat().st_mode & 0o077 == 0
        browser.open(path.as_uri(), width=1100, dark=False)
        browser.wait_for("document.getElementById('facts')?.textContent.includes('90 texts')")
        assert browser.evaluate("location.href") == f"{address}/#{KEY}"
        assert browser.errors() == []
    assert not path.exists()


@needs_chromium
def test_texts_are_never_markup_and_no_request_leaves_the_page(browser, tmp_path):
    texts = ["<img src=x onerror=document.title='hacked'> <b>oil</b>", "two\nlines"] * 3
    with (
        session_in(tmp_path, texts=texts, classes=["<i>a</i>", "b"]) as session,
        in_thread(create_labelling_app(session, KEY)) as address,
    ):
        open_page(browser, address)
        for _ in range(6):
            press(browser, "1")
            browser.wait_for("!busy")
        assert "No text is left." in text_of(browser, "text")
        assert text_of(browser, "advice") == "All texts have been shown. You can finish."
        assert browser.evaluate("document.querySelectorAll('main img, main b, main i').length") == 0
        assert browser.evaluate("document.title") == "Label texts"
        hosts = {urlsplit(url).netloc for url in browser.requests() if url != "about:blank"}
        assert hosts == {urlsplit(address).netloc}
        assert not any(KEY in url for url in browser.requests())
        assert browser.errors() == []


@needs_chromium
def test_faults_are_told_and_the_text_stays(page, session, browser):
    row = page.evaluate("state.item.row")
    session.label(row, "oil")  # as another window does
    press(page, "2")
    page.wait_for(f"!busy && state.item.row !== {row}")
    assert "row must be one without a label" in text_of(page, "status")
    assert session.labels == {row: "oil"}


@needs_chromium
def test_the_address_needs_its_key(browser, session):
    with in_thread(create_labelling_app(session, KEY)) as address:
        open_page(browser, address, key="wrong")
        assert text_of(browser, "status").startswith("Open the address that the program printed")
        assert TEXTS[0][:3] not in text_of(browser, "text")


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_the_page_has_no_accessibility_fault_and_nothing_overflows(browser, tmp_path, width, dark):
    texts = [f"{'x' * 300} {i}" for i in range(20)]
    with (
        session_in(tmp_path, texts=texts, classes=["short", "l" * 120]) as session,
        in_thread(create_labelling_app(session, KEY)) as address,
    ):
        open_page(browser, address, width=width, dark=dark)
        press(browser, "1")
        browser.wait_for("!busy && state.progress.n_labelled === 1")
        browser.evaluate("document.getElementById('more').open = true")
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_faults(browser) == []


def axe_faults(page):
    """Return the rules of axe-core that a page breaks, with the elements."""
    found = find_spec("axe_core_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed")
    page.evaluate((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8") + ";0")
    faults = page.evaluate(
        "axe.run().then(({violations}) =>"
        " violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))"
    )
    # Its own style elements, which the policy of the page rejects.
    page.events.clear()
    return faults


@needs_chromium
def test_a_screen_reader_finds_names_and_hears_each_text(page):
    named = page.roles_and_names()
    assert {
        ("heading", "Which label fits this text?"),
        ("progressbar", "Labelled texts"),
        ("region", "Text to label"),
        ("group", "Labels"),
        ("button", "oil"),
        ("textbox", "New label"),
        ("checkbox", "Show suggestions (h)"),
    } <= named
    live = page.evaluate("document.getElementById('text').getAttribute('aria-live')")
    assert live == "polite"


COMMAND = """
import sys
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from agnews_sk.cli._page_file import page_file
from agnews_sk.labelling import ActiveLearner, LabellingSession
from agnews_sk.serving import serve_labelling
from agnews_sk.vectorization import NgramVectorizer
from tests.serving.test_labelling import CLASSES, TEXTS
pipeline = make_pipeline(NgramVectorizer(), LogisticRegression())
learner = ActiveLearner(pipeline, cv=2, random_state=0)
with LabellingSession(TEXTS, sys.argv[1], learner, classes=CLASSES) as session:
    serve_labelling(session, on_start=lambda address: print(address, flush=True))
"""


@contextmanager
def in_process(path):
    """Yield the address and the process of a session, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


@needs_chromium
def test_fifty_labels_by_keyboard_survive_a_kill_in_the_middle(browser, tmp_path):
    path = tmp_path / "labels.csv"
    with in_process(path) as (address, process):
        place, key = address.split("/#")
        open_page(browser, place, key=key)
        rows = label_by_key(browser, 23)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        press(browser, "1")
        browser.wait_for("!busy")
        assert text_of(browser, "status").startswith("The program does not respond.")
    with (
        session_in(tmp_path, classes=CLASSES) as session,
        in_thread(create_labelling_app(session, KEY)) as address,
    ):
        open_page(browser, address)
        assert text_of(browser, "facts") == "23 of 90 texts labelled"
        rows += label_by_key(browser, 27)
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["row"]) - 1 for line in lines] == rows
    assert len(set(rows)) == 50
    assert [line["label"] for line in lines] == [CLASSES[row % 3] for row in rows]


@needs_chromium
def test_a_key_counts_while_the_accuracy_is_asked_for(page, session):
    row = page.evaluate("state.item.row")
    page.evaluate(
        "const real = ask; let open; const held = new Promise((go) => { open = go; });"
        "ask = async (path, body) => { const found = await real(path, body);"
        " if (path === 'state') await held; return found; }; look(); 0"
    )
    press(page, "1")
    page.wait_for(f"!busy && state.item.row !== {row}")
    following = page.evaluate("state.item.row")
    page.evaluate("open(); held.then(() => new Promise((go) => setTimeout(go, 20)))")
    assert page.evaluate("state.item.row") == following  # not that of the late response
    assert list(session.labels) == [row]
