"""A comparison as tables in the terminal."""

from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from agnews_sk._core.formats import megabytes, p_value, percent
from agnews_sk.evaluation import ComparisonResult, interval_with_method, main_score

_SCORES = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
_SCORES_OF_SETS = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "samples_f1": "samples F1",
    "accuracy": "sets right",
}


def comparison_table(result: ComparisonResult) -> Group:
    """Return scores, costs and paired tests as tables that rich prints.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    rich.console.Group
        One column per classifier, with scores in percent; and one row per pair, unless there is
        only one classifier.

    Examples
    --------
    >>> from rich.console import Console
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.evaluation import compare_classifiers
    >>> from agnews_sk.reporting import comparison_table
    >>> texts, labels = ["oil rises", "team wins"], ["Business", "Sports"]
    >>> result = compare_classifiers({"constant": DummyClassifier()}, texts, labels, texts, labels)
    >>> Console().print(comparison_table(result))  # doctest: +SKIP
    """
    tables = [_scores_table(result)]
    if len(result.names) > 1:
        tables.append(_pairs_table(result))
    return Group(*tables)


def _scores_table(result: ComparisonResult) -> Table:
    """Return the table of scores and costs, one column per classifier."""
    table = Table(
        title=f"Scores on {len(result.y_true):,} test rows",
        caption=f"Scores in percent, with {result.confidence_level:.0%} BCa bootstrap intervals "
        f"({result.n_resamples:,} resamples), or intervals of the method named next to them.",
    )
    _add_columns(table, [""], result.names)
    rows = result.scores.to_dict("records")
    for score, shown in (_SCORES_OF_SETS if result.multilabel else _SCORES).items():
        _add_row(table, shown, [_interval(result, name, score) for name in result.names])
    for label in result.classes:
        _add_row(table, f"F1 {label}", [percent(row[f"f1_{label}"]) for row in rows])
    if result.abstained:
        _add_row(table, "abstained", [percent(row["abstained"]) for row in rows])
    table.add_section()
    for shown, cells in _costs(rows).items():
        _add_row(table, shown, cells)
    return table


def _costs(rows: list[dict[Any, Any]]) -> dict[str, list[str]]:
    """Return the costs of each classifier by what they are; those of fitting if any was fitted."""
    fitting = {
        "training rows": [f"{row['n_train_rows']:,}" for row in rows],
        "fit time, s": [f"{row['fit_seconds']:,.1f}" for row in rows],
    }
    return (fitting if any(pd.notna(row["fit_seconds"]) for row in rows) else {}) | {
        "texts/s": [f"{row['texts_per_second']:,.0f}" for row in rows],
        "size, MB": [megabytes(row["size_bytes"]) for row in rows],
    }


def _pairs_table(result: ComparisonResult) -> Table:
    """Return the table of paired tests, one row per pair."""
    pairs, score = result.pairwise(), main_score(result)
    folds = (pairs["test"] == "corrected t").any()
    test = "Paired bootstrap" if result.multilabel else "McNemar's test"
    table = Table(
        title=f"{'Corrected t-test' if folds else test} of each pair, a against b",
        caption=f"Difference: {score.name} of a minus that of b, in percentage points.",
    )
    _add_columns(table, ["a", "b"], ["difference", "only a right", "only b right", "p-value"])
    for pair in pairs.to_dict("records"):
        cells = [
            pair["b"],
            f"{100 * pair[f'{score.column}_difference']:+.2f}",
            f"{pair['only_a']:,}",
            f"{pair['only_b']:,}",
            p_value(pair[f"{score.p_prefix}p_value"]),
        ]
        _add_row(table, pair["a"], cells)
    return table


def _add_columns(table: Table, names: list[str], numbers: list[str]) -> None:
    """Add columns of names, aligned left, and of numbers, aligned right."""
    for header in names:
        table.add_column(Text(header))
    for header in numbers:
        table.add_column(Text(header), justify="right")


def _add_row(table: Table, first: str, cells: list[str]) -> None:
    """Add a row of plain texts."""
    # In a str, rich would read the brackets of a name or a label as markup.
    table.add_row(Text(first), *map(Text, cells))


def _interval(result: ComparisonResult, name: str, score: str) -> str:
    """Return a score in percent with its interval."""
    row = result.scores.loc[name]
    ends = f"{percent(row[f'{score}_low'])}–{percent(row[f'{score}_high'])}"
    shown = interval_with_method(ends, str(result.interval_methods.loc[name, score]), usual="BCa")
    return f"{percent(row[score])} ({shown})"
