"""Optuna's dashboard shows our studies, in a browser."""

import sys

import pytest

from tests.browser import Browser, find_chromium
from tests.servers import free_port, running
from tests.tuning.worker import run

SERVE = "from optuna_dashboard._cli import main; main()"


@pytest.fixture
def browser():
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("there is no Chromium")
    found = Browser(chromium)
    yield found
    found.close()


def test_the_dashboard_shows_name_values_and_settings_of_a_study(browser, tmp_path):
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed")
    journal = tmp_path / "study.journal"
    search = run(f"journal:{journal}", 4)
    port = free_port()
    command = [sys.executable, "-c", SERVE, "--port", str(port), str(journal)]
    with running(command, port):
        browser.open(f"http://127.0.0.1:{port}/dashboard/", width=1200, dark=False)
        browser.wait_for("document.body.innerText.includes('shared')", seconds=60)
        assert "Direction: MAXIMIZE" in browser.evaluate("document.body.innerText")
        address = f"http://127.0.0.1:{port}/dashboard/studies/0"
        browser.open(address, width=1200, dark=False)
        browser.wait_for("document.body.innerText.includes('Best Trial (')", seconds=60)
        text = browser.evaluate("document.body.innerText")
    assert f"Best Trial (number={search.best_index_})" in text
    assert str(search.best_score_) in text
    assert f"Params = [constant: {search.best_params_['constant']}]" in text
    assert '"X": "8 rows#' in text
    assert browser.errors() == []
    sent = [url for url in browser.requests() if not url.startswith("data:")]
    assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in sent)
