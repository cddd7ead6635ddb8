"""The report of a comparison: one self-contained HTML page."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from agnews_sk._core.html_page import HtmlPage
from agnews_sk.evaluation import ComparisonResult, LearningCurves
from agnews_sk.reporting._sections import (
    as_html,
    classes_section,
    contents,
    costs_section,
    curves_section,
    disagreements_section,
    header,
    pairs_section,
    plots_section,
    provenance_section,
    scores_section,
    section,
)


def write_report(
    result: ComparisonResult,
    path: str | Path,
    *,
    title: str = "Comparison of text classifiers",
    source: str = "",
    notice: str = "",
    texts: Any = None,
    curves: LearningCurves | None = None,
    explanations: Mapping[str, Any] | None = None,
    findings: Any = None,
) -> None:
    """Write a comparison as one HTML page, which loads nothing and can be sent by mail.

    Parameters
    ----------
    result : ComparisonResult
    path : str or Path
        File to write.
    title : str, default="Comparison of text classifiers"
    source : str, default=""
        Where the rows come from.
    notice : str, default=""
        Warning to the readers, such as that the rows are synthetic.
    texts : DataFrame or array-like of str of shape (n_rows,), optional
        Test rows (all rows in cross-validation), to show some on which classifiers disagree.
    curves : LearningCurves, optional
        Adds accuracy by number of training rows.
    explanations : mapping of str to object with `_repr_html_`, optional
        Adds, by name of a classifier, its explanations of the rows on which classifiers disagree
        (`ComparisonResult.differing_rows`), as from `explain`.
    findings : object with `_repr_html_`, optional
        Adds an audit of the rows, as from `audit`.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `texts` are fewer than the rows of the result.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from agnews_sk.evaluation import ComparisonResult
    >>> from agnews_sk.reporting import write_report
    >>> result = ComparisonResult.from_predictions(
    ...     ["Sports", "World"], {"tfidf": ["Sports", "World"]}, random_state=0
    ... )
    >>> path = Path(tempfile.mkdtemp()) / "report.html"
    >>> write_report(result, path)
    >>> path.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    sections = [
        scores_section(result),
        pairs_section(result),
        plots_section(result),
        classes_section(result),
        costs_section(result),
        "" if curves is None else curves_section(curves),
        disagreements_section(result, texts, explanations or {}),
        "" if findings is None else section("Audit of the rows", as_html(findings)),
        provenance_section(result, source),
    ]
    sections = [header(result, title, notice), contents(sections), *sections]
    style = files("agnews_sk.reporting").joinpath("_report.css").read_text(encoding="utf-8")
    page = HtmlPage(
        title=title,
        body="\n".join(filter(None, sections)),
        style=style,
        style_attributes=True,
    )
    page.write(path)
