import base64
import hashlib
import re

import pytest

from agnews_sk._core.html_page import HtmlPage, fragment_page, html_fragment
from tests.browser import Browser, find_chromium


def hash_of(content):
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def directives(page):
    return dict(part.split(" ", 1) for part in page.policy.split("; "))


def test_a_page_allows_nothing_that_it_does_not_have():
    found = directives(HtmlPage(title="t", body="b"))
    assert found.pop("img-src") == "data:"
    assert set(found.values()) == {"'none'"}
    assert {"default-src", "script-src", "style-src", "connect-src", "base-uri"} <= found.keys()


def test_only_the_page_s_own_script_and_style_are_allowed_by_their_hash():
    page = HtmlPage(title="t", body="b", style="\np {}\n", script='\nsay("é")\n', connects=True)
    found = directives(page)
    (style,) = re.findall("<style>(.*?)</style>", page.html, re.DOTALL)
    (script,) = re.findall("<script>(.*?)</script>", page.html, re.DOTALL)
    assert found["style-src"] == f"'sha256-{hash_of(style)}'"
    assert found["script-src"] == f"'sha256-{hash_of(script)}'"
    assert found["connect-src"] == "'self'"


def test_style_attributes_are_allowed_on_request_and_scripts_never_inline():
    found = directives(HtmlPage(title="t", body="b", style="p {}", style_attributes=True))
    assert found["style-src"] == "'unsafe-inline'"
    assert found["script-src"] == "'none'"


def test_the_document_carries_its_policy_and_escapes_its_title():
    page = HtmlPage(title="<b> & co", body="<p>oil</p>")
    assert f'content="{page.policy}"' in page.html
    assert "<title>&lt;b&gt; &amp; co</title>" in page.html
    assert "<body>\n<p>oil</p>\n</body>" in page.html


def test_a_page_is_written_in_utf_8(tmp_path):
    HtmlPage(title="t", body="é–").write(tmp_path / "page.html")
    assert "é–" in (tmp_path / "page.html").read_bytes().decode("utf-8")


def test_a_fragment_has_the_shared_style_and_its_own():
    fragment = html_fragment("agnews-audit", "<p>x</p>", style=".agnews-audit b{}\n")
    assert fragment.count("<style>") == fragment.count("</style>") == 1
    assert "--ink" in fragment
    assert ".agnews-audit b{}" in fragment
    assert fragment.endswith('<div class="agnews-sk agnews-audit"><p>x</p></div>')


def test_a_page_of_a_fragment_lets_its_styles_pass():
    page = fragment_page("Audit", html_fragment("agnews-audit", "<p>x</p>", style=""))
    assert directives(page)["style-src"] == "'unsafe-inline'"
    assert "<title>Audit</title>" in page.html


@pytest.mark.parametrize("page", ["report", "service"])
def test_all_pages_have_the_one_policy(page, tmp_path):
    if page == "service":
        fastapi = pytest.importorskip("fastapi")
        assert fastapi
        from agnews_sk.serving._page import PAGE, PAGE_HEADERS

        policy, html = PAGE_HEADERS["Content-Security-Policy"], PAGE.decode()
        assert policy.endswith("; frame-ancestors 'none'")
    else:
        pytest.importorskip("matplotlib")
        from agnews_sk.evaluation import ComparisonResult
        from agnews_sk.reporting import write_report

        result = ComparisonResult.from_predictions(["a", "b"], {"c": ["a", "b"]}, random_state=0)
        write_report(result, tmp_path / "report.html")
        html = (tmp_path / "report.html").read_text(encoding="utf-8")
        policy = HtmlPage(title="", body="", style_attributes=True).policy
    (stated,) = re.findall('Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith(stated)


@pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium")
def test_words_in_a_table_beside_long_texts_are_not_broken_on_a_phone(tmp_path):
    row = f"<tr><td>12</td><td>{'a long text ' * 20}</td><td id='label'>Reclamation</td></tr>"
    body = f'<div style="overflow-x:auto"><table>{row}</table></div>'
    page = tmp_path / "page.html"
    fragment_page("Audit", html_fragment("any", body, style="")).write(page)
    browser = Browser(find_chromium())
    browser.open(page.as_uri(), width=390, dark=False)
    lines = browser.evaluate(
        "(() => { const range = document.createRange(); "
        "range.selectNodeContents(document.getElementById('label')); "
        "return range.getClientRects().length; })()"
    )
    browser.close()
    assert lines == 1
