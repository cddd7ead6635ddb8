"""The built site: links, search, and how pages look in Chromium at two widths and in two themes.

`DOCS_SITE=docs/_build/html pytest tests/test_site.py` looks at a site that is built already.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser import Browser, find_chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
in_chromium = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium")

ROOT = Path(__file__).parents[1]
SHOWN = [
    "index",
    "quickstart",
    "guide",
    "data",
    "baseline",
    "transformers",
    "several_labels",
    "tuning",
    "evaluation",
    "serving",
    "benchmarks",
    "formulas",
    "faq",
    "troubleshooting",
    "glossary",
    "environment",
    "coming_from/sklearn",
    "gallery/index",
    "gallery/compare_in_ten_lines",
    "gallery/explain_a_mistake",
    "reference/index",
    "reference/commands",
    "reference/generated/agnews_sk.cleaning.TextCleaner",
    "reference/generated/agnews_sk.classifiers.FineTunedTransformerClassifier",
    "reference/generated/agnews_sk.evaluation.compare_classifiers",
]
# The page that a search should show first.
SEARCHED = {
    "chinese": "languages",
    "custom cleaning": "text",
    "multi-label": "several_labels",
    "environment variables": "environment",
    "early stopping": "transformers",
}
# Elements that reach beyond the window, or beyond their box, without a way to scroll to the rest.
FAULTS = """
(() => {
  const name = (e) => `${e.localName}.${e.className}: ${e.textContent.trim().slice(0, 60)}`;
  const shown = (e) => e.getClientRects().length > 0;
  const scrolls = (e) => e && !e.matches(".bd-article, body")
    && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const wide = all(".bd-article *, .bd-header *").filter((e) =>
    e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e));
  const headings = all("h1, h2, h3, h4, .bd-toc-item a, .bd-links a, dt.sig").filter(
    (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline");
  const tables = all(".bd-article table").filter((table) =>
    table.rows.length <= 40 && table.offsetWidth > table.parentElement.clientWidth + 1);
  const images = all("img").filter((image) => image.naturalWidth === 0);
  return {
    "page": document.documentElement.scrollWidth > innerWidth ? ["wider than the window"] : [],
    "beyond the window": wide.map(name), "clipped headings": headings.map(name),
    "cut tables": tables.map(name), "missing images": images.map((image) => image.src),
  };
})()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built with its gallery."""
    if os.environ.get("DOCS_SITE"):
        return Path(os.environ["DOCS_SITE"]).resolve()
    if any(find_spec(name) is None for name in ("pydata_sphinx_theme", "latex2mathml")):
        pytest.skip("the docs extra is not installed")
    folder = tmp_path_factory.mktemp("site")
    for part in ("docs", "examples", "agnews_sk", "benchmarks", "CONTRIBUTING.md", "CHANGES.md"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    for generated in ("_build", "gallery", "reference/generated"):
        shutil.rmtree(folder / "docs" / generated, ignore_errors=True)
    command = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "html"]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def address(site):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    browser = Browser(find_chromium())
    yield browser
    browser.close()


def console_errors(browser):
    """What the page wrote to the console as an error, and what it failed to load."""
    written = [event for event in browser.errors() if event.get("entry", {}).get("level") != "info"]
    calls = [e["params"] for e in browser.events if e.get("method") == "Runtime.consoleAPICalled"]
    return written + [call for call in calls if call["type"] == "error"]


def faults(browser):
    """Look for faults in the page that is open, once its images are loaded."""
    browser.evaluate(
        "Promise.all([document.fonts.ready, ...[...document.images].map((image) =>"
        " { image.loading = 'eager'; return image.decode().catch(() => null); })]).then(() => 0)"
    )
    found = browser.evaluate(FAULTS) | {"console": console_errors(browser)}
    return {kind: elements for kind, elements in found.items() if elements}


def test_the_site_builds_without_warnings_and_with_whole_links(site):
    command = [sys.executable, ROOT / "docs/check_site.py", site]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_example_has_output_and_a_thumbnail_of_its_own(site):
    scripts = sorted((ROOT / "examples").glob("*.py"))
    pages = {path.stem: (site / f"gallery/{path.stem}.html").read_text() for path in scripts}
    assert [name for name, page in pages.items() if "sphx-glr-script-out" not in page] == []
    assert [name for name, page in pages.items() if "sphx-glr-single-img" not in page] == []
    thumbnails = {(site / f"_images/sphx_glr_{name}_thumb.png").read_bytes() for name in pages}
    assert len(thumbnails) == len(pages)


def test_the_outline_for_language_models_names_pages_of_the_site(site):
    outline = (site / "llms.txt").read_text()
    links = re.findall(r"^- \[.+\]\((.+)\): .+$", outline, re.MULTILINE)
    assert len(links) > 60
    assert len(links) == outline.count("\n- ")
    assert [link for link in links if not (site / link).is_file()] == []


@in_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", SHOWN)
def test_a_page_fits_the_window(page, width, dark, browser, address):
    browser.open(f"{address}/{page}.html", width=width, dark=dark)
    theme = browser.evaluate("document.documentElement.dataset.theme")
    assert (theme, faults(browser)) == ("dark" if dark else "light", {})


@in_chromium
@pytest.mark.parametrize(
    "fault", ["beyond the window", "clipped headings", "cut tables", "missing images"]
)
def test_a_fault_would_be_detected(fault, browser, address):
    browser.open(f"{address}/baseline.html", width=390, dark=False)
    broken = {
        "beyond the window": "document.querySelector('.bd-article').append("
        "Object.assign(document.createElement('div'), {style: 'width: 600px; height: 9px'}))",
        "clipped headings": "document.querySelector('h1').style.whiteSpace = 'nowrap';"
        "document.querySelector('h1').textContent = 'x'.repeat(200)",
        "cut tables": "document.querySelector('.bd-article table').className = '';"
        "document.querySelector('.bd-article table').style.width = '900px'",
        "missing images": "document.querySelector('.bd-article').append("
        "Object.assign(new Image(9, 9), {src: 'nowhere.png'}))",
    }
    browser.evaluate(broken[fault] + "; 0")
    assert fault in faults(browser)


@in_chromium
@pytest.mark.parametrize(("term", "page"), SEARCHED.items())
def test_search_shows_the_right_page_first(term, page, browser, address):
    browser.open(f"{address}/search.html?q={term.replace(' ', '+')}", width=1280, dark=False)
    browser.wait_for("document.querySelector('#search-results li a') !== null", seconds=60)
    first = browser.evaluate("document.querySelector('#search-results li a').pathname")
    assert first == f"/{page}.html"
