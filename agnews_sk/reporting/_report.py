"""The report: one HTML page that holds all it shows, and asks nothing of the network."""

from collections.abc import Callable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.formats import megabytes, number, p_value, percent, points, seconds
from agnews_sk._core.joining import join_columns
from agnews_sk._core.validation import n_rows, text_columns
from agnews_sk.evaluation import (
    ComparisonResult,
    LearningCurves,
    abstentions,
    answer,
    costs,
    interval_columns,
    level,
    with_method,
)
from agnews_sk.reporting._displays import ConfusionMatrix, with_abstentions
from agnews_sk.reporting._learning_curves import LearningCurvesDisplay
from agnews_sk.reporting._markup import figure, picture, table
from agnews_sk.reporting._reliability import ReliabilityDisplay
from agnews_sk.reporting._result_displays import CostQualityDisplay, ScoresDisplay

_N_EXAMPLES = 8
_EXAMPLE_LENGTH = 400  # characters

_SCORES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "accuracy": ("accuracy, %", percent),
    "macro_f1": ("macro-F1, %", percent),
    "balanced_accuracy": ("balanced accuracy, %", percent),
    "roc_auc": ("ROC-AUC, %", percent),
    "log_loss": ("log loss", lambda value: number(value, 3)),
    "brier": ("Brier", lambda value: number(value, 3)),
    "calibration_error": ("calibration error, %", percent),
    "abstained": ("abstained, %", percent),
}
_COSTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "n_train_rows": ("training rows", number),
    "fit_seconds": ("fit, s", seconds),
    "cpu_seconds": ("processor, s", seconds),
    "texts_per_second": ("texts a second", number),
    "latency_p50_ms": ("one text, ms: median", lambda value: number(value, 1)),
    "latency_p95_ms": ("one text, ms: 95 %", lambda value: number(value, 1)),
    "latency_p99_ms": ("one text, ms: 99 %", lambda value: number(value, 1)),
    "peak_memory_bytes": ("peak memory, MB", megabytes),
    "size_bytes": ("on disk, MB", megabytes),
    "n_parameters": ("parameters", number),
}


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
    """Write a comparison as one HTML page, to be opened from a mail.

    Parameters
    ----------
    result : ComparisonResult
    path : str or Path
        File to write.
    title : str
    source : str, default=""
        Where the rows come from.
    notice : str, default=""
        Warning to whoever reads the figures.
    texts : DataFrame or array-like of str of shape (n_rows,), optional
        Test rows (all rows in cross-validation), to show some that classifiers disagree on.
    curves : LearningCurves, optional
        Adds who wins with how many labels.
    explanations : mapping of str to object with `_repr_html_`, optional
        Adds, by name of a classifier, what `explain` says of the rows that classifiers disagree on
        (`ComparisonResult.differing_rows`).
    findings : object with `_repr_html_`, optional
        Adds what an audit found in the rows.

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
        _head(result, title, notice),
        _quality(result),
        _pairs(result),
        _pictures(result),
        _classes(result),
        _costs(result),
        "" if curves is None else _curves(curves),
        _disagreements(result, texts, explanations or {}),
        "" if findings is None else _section("What the rows look like", _as_html(findings)),
        _how_made(result, source),
    ]
    style = files("agnews_sk.reporting").joinpath("_report.css").read_text(encoding="utf-8")
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Nothing may be loaded, whatever a text or a name holds.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, sections))
        + "\n</body>\n</html>\n"
    )
    Path(path).write_text(page, encoding="utf-8")


def _head(result: ComparisonResult, title: str, notice: str) -> str:
    warning = f'<p class="notice">{escape(notice)}</p>\n' if notice else ""
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n"
        f'<p class="answer">{escape(" ".join([answer(result), abstentions(result)]).strip())}</p>\n'
        f'<p class="costs">{escape(costs(result))}</p>\n{warning}</header>'
    )


def _quality(result: ComparisonResult) -> str:
    shown = {score: kind for score, kind in _SCORES.items() if score != "abstained"}
    shown = _SCORES if result.abstained else shown
    head = ["classifier", *(label for label, _ in shown.values())]
    rows = [
        [escape(name), *(_score(result, name, score, show) for score, (_, show) in shown.items())]
        for name in result.names
    ]
    note = (
        f"Below each score its {level(result)} interval: BCa bootstrap over the "
        f"rows, {result.n_resamples:,} resamples, the same for all classifiers, or of the method "
        "that stands beside it where BCa is not defined. Lower is better for log loss, Brier score "
        "and calibration error."
    )
    return _section("Scores", table(head, rows) + _note(note))


def _score(
    result: ComparisonResult, name: str, score: str, show: Callable[[Any], str], label: str = ""
) -> str:
    row = result.scores.loc[name]
    shown = figure(row[score], show(row[score]), ["scores", name, score])
    ends = interval_columns(result.classes).get(score)
    if ends is None or pd.isna(row[score]):
        return shown
    low, high = (figure(row[end], show(row[end]), ["scores", name, end]) for end in ends)
    interval = with_method(f"{low} – {high}", result.interval_methods.loc[name, score], "BCa")
    return f'{shown}<span class="interval">{interval}</span>'


def _pairs(result: ComparisonResult) -> str:
    if len(result.pairs) == 0:
        return ""
    head = ["pair", "accuracy, points", "macro-F1, points", "only the first right"]
    head += ["only the second right", "p", "p, Holm", "effect size"]
    usual = "BCa" if result.folds is None else "corrected t"
    rows = [_pair(i, pair, usual) for i, pair in enumerate(result.pairs.to_dict("records"))]
    tests = {
        "exact": "McNemar's exact test",
        "chi2": "McNemar's test (chi-squared, continuity corrected)",
        "corrected t": "the corrected resampled t test of Nadeau and Bengio",
    }
    used = " and ".join(tests[test] for test in sorted(set(result.pairs["test"])))
    note = (
        f"Differences are the first less the second, with {level(result)} "
        f"intervals, of the method that stands beside one where that of the others is not defined. "
        f"p of accuracy: {used}; Holm's corrects for the number of pairs. An interval that holds "
        "zero does not tell the two apart."
    )
    return _section("Pair by pair", table(head, rows) + _note(note))


def _pair(position: int, pair: Mapping[Any, Any], usual: str) -> list[str]:
    def shown(column: str, show: Callable[[Any], str]) -> str:
        return figure(pair[column], show(pair[column]), ["pairwise", str(position), column])

    def difference(score: str) -> str:
        low, high = (shown(f"{score}_difference_{end}", points) for end in ("low", "high"))
        middle = shown(f"{score}_difference", points)
        interval = with_method(f"{low} to {high}", pair[f"{score}_difference_method"], usual)
        return f'{middle}<span class="interval">{interval}</span>'

    effect = f"{shown('effect_size', lambda value: number(value, 2))}"
    return [
        f'{escape(pair["a"])} <span class="interval">against {escape(pair["b"])}</span>',
        difference("accuracy"),
        difference("macro_f1"),
        shown("only_a", number),
        shown("only_b", number),
        shown("p_value", p_value),
        shown("p_holm", p_value),
        f'{effect}<span class="interval">{escape(pair["effect"])}</span>',
    ]


def _pictures(result: ComparisonResult) -> str:
    made = [
        picture(ScoresDisplay.from_result, result, caption="Accuracy with its interval"),
        *_cost_pictures(result),
        *(_reliability(result, name) for name in result.probabilities),
        *(_confusion(result, name) for name in result.names),
    ]
    drawn = "\n".join(made)
    return _section("Pictures", f'<div class="pictures">\n{drawn}\n</div>')


def _cost_pictures(result: ComparisonResult) -> list[str]:
    captions = {
        "fit_seconds": "Accuracy against the time to fit",
        "latency_p95_ms": "Accuracy against the time that one text takes",
    }
    return [
        picture(CostQualityDisplay.from_result, result, cost=cost, caption=caption)
        for cost, caption in captions.items()
        if result.scores[cost].notna().any()
    ]


def _reliability(result: ComparisonResult, name: str) -> str:
    return picture(
        ReliabilityDisplay.from_predictions,
        result.y_true,
        result.probabilities[name],
        classes=result.classes,
        caption=f"How sure, and how often right: {name}",
    )


def _confusion(result: ComparisonResult, name: str) -> str:
    display = ConfusionMatrix(result.confusion(name).to_numpy(), classes=result.classes)
    title = with_abstentions(name, result.abstained.get(name))
    return picture(display.plot, caption=f"True labels down, predicted across: {title}")


def _classes(result: ComparisonResult) -> str:
    head = ["class", *result.names]
    rows = [
        [escape(str(label)), *(_score(result, n, f"f1_{label}", percent) for n in result.names)]
        for label in result.classes
    ]
    return _section("F1 of each class, %", table(head, rows))


def _costs(result: ComparisonResult) -> str:
    head = ["cost", *result.names]
    rows = [
        [
            escape(label),
            *(_score(result, name, cost, show) for name in result.names),
        ]
        for cost, (label, show) in _COSTS.items()
    ]
    note = (
        "Measured in the same run: one fit; one prediction of all rows, not warmed up; single "
        "texts, warmed up. Memory is what the process grew by at its highest; processor seconds "
        "leave worker processes out."
    )
    return _section("Costs", table(head, rows) + _note(note))


def _curves(curves: LearningCurves) -> str:
    drawn = picture(
        LearningCurvesDisplay.from_curves,
        curves,
        caption="Accuracy by number of training rows, with intervals",
    )
    return _section("How many labels it takes", drawn + _as_html(curves))


def _disagreements(result: ComparisonResult, texts: Any, explanations: Mapping[str, Any]) -> str:
    parts = [] if texts is None else [_examples(result, texts)]
    for name, explanation in explanations.items():
        parts.append(f"<h3>The words that decided: {escape(name)}</h3>\n{_as_html(explanation)}")
    return _section("Where they disagree", "\n".join(parts)) if any(parts) else ""


def _examples(result: ComparisonResult, texts: Any) -> str:
    if n_rows(texts) <= result.rows.max():
        raise ValueError(
            f"texts must have the {result.rows.max() + 1} rows of the result, got {n_rows(texts)}."
        )
    shown = join_columns(list(text_columns(texts, None, name="texts").values()))
    chosen = result.differing_rows(_N_EXAMPLES)
    if not len(chosen):
        return ""
    rows = [
        [
            escape(_cut(shown[int(result.rows[i])])),
            escape(str(result.y_true[i])),
            *(escape(str(result.predictions[name][i])) for name in result.names),
        ]
        for i in chosen
    ]
    note = _note(
        f"Of {len(result.y_true):,} answers, {len(result.differing_rows()):,} are right by some "
        f"and wrong by others; here are {len(rows)} of them, evenly spaced."
    )
    return note + table(["text", "true label", *result.names], rows, kind="words")


def _cut(text: str) -> str:
    return text if len(text) <= _EXAMPLE_LENGTH else f"{text[:_EXAMPLE_LENGTH].rstrip()} …"


def _how_made(result: ComparisonResult, source: str) -> str:
    facts = {
        **({"data": source} if source else {}),
        "rows": f"{len(np.unique(result.rows)):,} tested, {len(result.y_true):,} answers each",
        "bootstrap": f"{result.n_resamples:,} resamples, seed {result.seed}",
        **result.made,
    }
    entries = "\n".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    return _section("How it was made", f"<dl>\n{entries}\n</dl>")


def _section(heading: str, content: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>"


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _as_html(part: Any) -> str:
    return f'<div class="scroll">{part._repr_html_()}</div>'
