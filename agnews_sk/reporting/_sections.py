"""The sections of the report of a comparison, each a piece of markup."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.formats import megabytes, number, p_value, percent, points, seconds
from agnews_sk._core.joining import join_columns
from agnews_sk._core.validation import n_rows, text_columns
from agnews_sk.evaluation import (
    ComparisonResult,
    LearningCurves,
    abstention_note,
    confidence_percent,
    cost_note,
    interval_columns,
    interval_with_method,
    main_score,
    verdict,
)
from agnews_sk.reporting._confusion import confusion_display, with_abstentions
from agnews_sk.reporting._learning_curves import LearningCurvesDisplay
from agnews_sk.reporting._markup import data_value, svg_figure, table
from agnews_sk.reporting._reliability import ReliabilityDisplay
from agnews_sk.reporting._result_displays import CostQualityDisplay, ScoresDisplay

_N_EXAMPLES = 8
_EXAMPLE_LENGTH = 400  # characters

Format = Callable[[Any], str]

# Heading and format of each column of `ComparisonResult.scores` that is shown.
_SCORES: dict[str, tuple[str, Format]] = {
    "accuracy": ("accuracy, %", percent),
    "macro_f1": ("macro-F1, %", percent),
    "balanced_accuracy": ("balanced accuracy, %", percent),
    "roc_auc": ("ROC-AUC, %", percent),
    "log_loss": ("log loss", lambda value: number(value, 3)),
    "brier": ("Brier score", lambda value: number(value, 3)),
    "calibration_error": ("calibration error, %", percent),
    "abstained": ("abstained, %", percent),
}
_SCORES_OF_SETS: dict[str, tuple[str, Format]] = {
    "macro_f1": ("macro-F1, %", percent),
    "micro_f1": ("micro-F1, %", percent),
    "samples_f1": ("samples F1, %", percent),
    "accuracy": ("sets right, %", percent),
    "hamming_loss": ("Hamming loss, %", percent),
    "ranking_average_precision": ("label ranking average precision, %", percent),
    "log_loss": ("log loss", lambda value: number(value, 3)),
    "brier": ("Brier score", lambda value: number(value, 3)),
}
_COSTS: dict[str, tuple[str, Format]] = {
    "n_train_rows": ("training rows", number),
    "fit_seconds": ("fit time, s", seconds),
    "cpu_seconds": ("CPU time of the fit, s", seconds),
    "texts_per_second": ("prediction, texts/s", number),
    "latency_p50_ms": ("latency of one text, ms: median", lambda value: number(value, 1)),
    "latency_p95_ms": ("latency of one text, ms: 95th percentile", lambda value: number(value, 1)),
    "latency_p99_ms": ("latency of one text, ms: 99th percentile", lambda value: number(value, 1)),
    "peak_memory_bytes": ("peak memory, MB", megabytes),
    "size_bytes": ("size on disk, MB", megabytes),
    "n_parameters": ("parameters", number),
}
_SECTION = re.compile(r'<section id="([^"]*)">\n<h2>(.*?)</h2>')
_TESTS = {
    "exact": "McNemar's exact test",
    "chi2": "McNemar's test (chi-squared, continuity corrected)",
    "corrected t": "the corrected resampled t-test of Nadeau and Bengio",
}


def header(result: ComparisonResult, title: str, notice: str) -> str:
    """Return the title, the recommendation, its reasons and a warning, if there is one."""
    warning = f'<p class="notice">{escape(notice)}</p>\n' if notice else ""
    sentences = [result.recommendation(), verdict(result)]
    answer, *reasons = filter(None, sentences)
    reasons += filter(None, [abstention_note(result), cost_note(result)])
    paragraphs = "".join(f'<p class="costs">{escape(reason)}</p>\n' for reason in reasons)
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n"
        f'<p class="verdict">{escape(answer)}</p>\n{paragraphs}{warning}</header>'
    )


def contents(sections: Sequence[str]) -> str:
    """Return links to sections, by their headings."""
    found = [_SECTION.match(part) for part in sections]
    links = [f'<a href="#{one[1]}">{one[2]}</a>' for one in found if one is not None]
    return f'<nav aria-label="Contents">{" ".join(links)}</nav>'


def scores_section(result: ComparisonResult) -> str:
    """Return the table of overall scores with their intervals, one row per classifier."""
    shown = {score: kind for score, kind in _SCORES.items() if score != "abstained"}
    shown = _SCORES if result.abstained else shown
    shown = _SCORES_OF_SETS if result.multilabel else shown
    losses = "Hamming loss, log loss and Brier score, which are means over labels"
    losses = losses if result.multilabel else "log loss, Brier score and calibration error"
    head = ["classifier", *(label for label, _ in shown.values())]
    rows = [
        [escape(name), *(_score(result, name, score, show) for score, (_, show) in shown.items())]
        for name in result.names
    ]
    note = (
        f"Below each score is its {confidence_percent(result)} interval: a BCa bootstrap interval "
        f"over the rows ({result.n_resamples:,} resamples, the same for all classifiers), or one "
        f"of the method named next to it where BCa is undefined. Lower is better for {losses}."
    )
    return section("Scores", table(head, rows) + _note(note))


def _score(result: ComparisonResult, name: str, column: str, show: Format) -> str:
    """Return a cell with a number of `ComparisonResult.scores`, and its interval if it has one.

    Parameters
    ----------
    result : ComparisonResult
    name : str
        Name of the classifier.
    column : str
    show : callable
        From a number to text.

    Returns
    -------
    str
        Markup.
    """
    row = result.scores.loc[name]
    shown = data_value(row[column], show(row[column]), ["scores", name, column])
    ends = interval_columns(result.classes, multilabel=result.multilabel).get(column)
    if ends is None or pd.isna(row[column]):
        return shown
    low, high = (data_value(row[end], show(row[end]), ["scores", name, end]) for end in ends)
    method = result.interval_methods.loc[name, column]
    interval = interval_with_method(f"{low} – {high}", method, "BCa")
    return f'{shown}<span class="interval">{interval}</span>'


def pairs_section(result: ComparisonResult) -> str:
    """Return the table of paired tests; empty for a single classifier."""
    if len(result.pairs) == 0:
        return ""
    head = ["pair", *(f"{name}, points" for name in _compared(result).values())]
    head += ["only the first right", "only the second right", "p", "p, Holm", "effect size"]
    usual = "BCa" if result.folds is None else "corrected t"
    pairs = result.pairs.to_dict("records")
    rows = [_pair(result, i, pair, usual) for i, pair in enumerate(pairs)]
    used = " and ".join(_TESTS[test] for test in sorted(set(result.pairs["test"])))
    tested = f"accuracies by {used}"
    if result.multilabel:
        used = "the paired bootstrap" if result.folds is None else _TESTS["corrected t"]
        tested = f"macro-F1 by {used}, the effect size is of the rows whose sets are right"
    note = (
        f"Differences are the first minus the second classifier, with {confidence_percent(result)} "
        f"{usual} intervals, or intervals of the method named next to them. p tests the {tested}"
        f"; Holm's p is corrected for the number of pairs. A difference is significant if "
        "its interval excludes zero and Holm's p agrees."
    )
    return section("Pairwise tests", table(head, rows) + _note(note))


def _compared(result: ComparisonResult) -> dict[str, str]:
    """Return the columns and names of the scores whose differences are shown.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    dict of str to str
        Two of them, the first the one that classifiers are compared by.
    """
    if result.multilabel:
        return {"macro_f1": "macro-F1", "micro_f1": "micro-F1"}
    return {"accuracy": "accuracy", "macro_f1": "macro-F1"}


def _pair(
    result: ComparisonResult, position: int, pair: Mapping[Any, Any], usual: str
) -> list[str]:
    """Return the cells of one row of `ComparisonResult.pairwise`.

    Parameters
    ----------
    result : ComparisonResult
    position : int
        Of the row.
    pair : mapping of str to object
        The row.
    usual : str
        Method of intervals that a note states for all.

    Returns
    -------
    list of str
        Markup.
    """
    prefix = main_score(result).p_prefix

    def shown(column: str, show: Format) -> str:
        return data_value(pair[column], show(pair[column]), ["pairwise", str(position), column])

    def difference(score: str) -> str:
        low, high = (shown(f"{score}_difference_{end}", points) for end in ("low", "high"))
        middle = shown(f"{score}_difference", points)
        method = pair[f"{score}_difference_method"]
        interval = interval_with_method(f"{low} to {high}", method, usual)
        return f'{middle}<span class="interval">{interval}</span>'

    effect = shown("effect_size", lambda value: number(value, 2))
    return [
        f'{escape(pair["a"])} <span class="interval">against {escape(pair["b"])}</span>',
        *map(difference, _compared(result)),
        shown("only_a", number),
        shown("only_b", number),
        shown(f"{prefix}p_value", p_value),
        shown(f"{prefix}p_holm", p_value),
        f'{effect}<span class="interval">{escape(pair["effect"])}</span>',
    ]


def plots_section(result: ComparisonResult) -> str:
    """Return the plots of scores, costs, calibration and confusion, side by side."""
    score = main_score(result)
    caption = f"{_capitalized(score.name)} with its interval"
    scores = svg_figure(ScoresDisplay.from_result, result, score=score.column, caption=caption)
    rows = [[scores, *_cost_plots(result)]]
    if not result.multilabel:
        rows += [
            [_reliability_plot(result, name) for name in result.probabilities],
            [_confusion_plot(result, name) for name in result.names],
        ]
    shown = ["\n".join(plots) for plots in rows if plots]
    return section("Plots", "\n".join(f'<div class="plots">\n{plots}\n</div>' for plots in shown))


def _cost_plots(result: ComparisonResult) -> list[str]:
    """Return accuracy against each cost that is known for some classifier."""
    score = main_score(result)
    captions = {
        "texts_per_second": "prediction speed",
        "size_bytes": "size",
        "fit_seconds": "fit time",
        "latency_p95_ms": "the latency of one text",
    }
    return [
        svg_figure(
            CostQualityDisplay.from_result,
            result,
            score=score.column,
            cost=cost,
            caption=f"{_capitalized(score.name)} against {shown}. "
            f"No other is both better and cheaper than {' or '.join(result.frontier(cost))}.",
        )
        for cost, shown in captions.items()
        if result.scores[cost].notna().any()
    ]


def _reliability_plot(result: ComparisonResult, name: str) -> str:
    """Return the reliability diagram of a classifier with probabilities."""
    return svg_figure(
        ReliabilityDisplay.from_predictions,
        result.y_true,
        result.probabilities[name],
        classes=result.classes,
        caption=f"Reliability diagram of {name}",
    )


def _confusion_plot(result: ComparisonResult, name: str) -> str:
    """Return the confusion matrix of a classifier."""
    caption = f"Confusion matrix of {with_abstentions(result, name)}"
    return svg_figure(confusion_display, result, name, caption=caption)


def classes_section(result: ComparisonResult) -> str:
    """Return the table of F1 by class, one column per classifier."""
    kind = "label" if result.multilabel else "class"
    head = [kind, *result.names]
    rows = [
        [escape(str(label)), *(_score(result, n, f"f1_{label}", percent) for n in result.names)]
        for label in result.classes
    ]
    return section(f"F1 of each {kind}, %", table(head, rows))


def costs_section(result: ComparisonResult) -> str:
    """Return the table of costs, one row per classifier."""
    head = ["classifier", *(label for label, _ in _COSTS.values())]
    rows = [
        [escape(name), *(_score(result, name, cost, show) for cost, (_, show) in _COSTS.items())]
        for name in result.names
    ]
    note = (
        "Measured in the same run: one fit; one prediction of all rows, without a warm-up; single "
        "texts, after a warm-up. Peak memory is the increase of the process' resident memory. CPU "
        "time excludes worker processes."
    )
    return section("Costs", table(head, rows) + _note(note))


def curves_section(curves: LearningCurves) -> str:
    """Return the learning curves, as a plot and as a table."""
    name = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}[curves.main_score]
    drawn = svg_figure(
        LearningCurvesDisplay.from_curves,
        curves,
        score=curves.main_score,
        caption=f"{name} by number of training rows, with intervals",
    )
    return section("Learning curves", drawn + as_html(curves))


def disagreements_section(
    result: ComparisonResult, texts: Any, explanations: Mapping[str, Any]
) -> str:
    """Return some rows on which classifiers disagree, and explanations; empty without both."""
    parts = [] if texts is None else [_examples(result, texts)]
    for name, explanation in explanations.items():
        parts.append(f"<h3>Contribution of each word: {escape(name)}</h3>\n{as_html(explanation)}")
    return section("Disagreements", "\n".join(parts)) if any(parts) else ""


def _examples(result: ComparisonResult, texts: Any) -> str:
    """Return the table of some rows on which classifiers disagree."""
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
            escape(_shown(result.y_true[i])),
            *(escape(_shown(result.predictions[name][i])) for name in result.names),
        ]
        for i in chosen
    ]
    note = _note(
        f"On {len(result.differing_rows()):,} of {len(result.y_true):,} rows some classifiers are "
        f"right and others wrong; these {len(rows)} are evenly spaced among them."
    )
    return note + table(["text", "true label", *result.names], rows, kind="words")


def _shown(labels: Any) -> str:
    """Return a label, or the labels of a row separated by commas.

    Parameters
    ----------
    labels : label, or list of labels

    Returns
    -------
    str
    """
    return ", ".join(map(str, labels)) if isinstance(labels, list) else str(labels)


def _capitalized(name: str) -> str:
    """Return a name with a capital letter at its start, and the others as they are."""
    return name[:1].upper() + name[1:]


def _cut(text: str) -> str:
    """Return a text truncated to the length of an example, with an ellipsis."""
    return text if len(text) <= _EXAMPLE_LENGTH else f"{text[:_EXAMPLE_LENGTH].rstrip()} …"


def provenance_section(result: ComparisonResult, source: str) -> str:
    """Return the data, the bootstrap and the environment of a result."""
    facts = {
        **({"data": source} if source else {}),
        "rows": f"{len(np.unique(result.rows)):,} rows, {len(result.y_true):,} predictions each",
        "bootstrap": f"{result.n_resamples:,} resamples, random seed {result.seed}",
        **result.environment,
    }
    entries = "\n".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    return section("Data and environment", f"<dl>\n{entries}\n</dl>")


def section(heading: str, content: str) -> str:
    """Return markup under a heading, which is text."""
    name = re.sub(r"\W+", "-", heading.lower()).strip("-")
    return f'<section id="{name}">\n<h2>{escape(heading)}</h2>\n{content}\n</section>'


def _note(text: str) -> str:
    """Return a remark below a table."""
    return f'<p class="note">{escape(text)}</p>'


def as_html(part: Any) -> str:
    """Return the notebook representation of an object, which may scroll sideways."""
    return f'<div class="scroll">{part._repr_html_()}</div>'
