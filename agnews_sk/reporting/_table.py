"""A comparison as tables in the terminal."""

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from agnews_sk._core.formats import megabytes, number, p_value, percent, seconds
from agnews_sk.evaluation import ComparisonResult, interval_with_method, main_score

_SCORES = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
_SCORES_OF_SETS = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "samples_f1": "samples F1",
    "accuracy": "sets right",
}


# Of many classes, those of the lowest F1 are shown.
_MAX_CLASSES = 12


def comparison_table(result: ComparisonResult) -> Group:
    """Return scores, costs and paired tests as tables that rich prints.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    rich.console.Group
        One row per classifier, with scores in percent; F1 of each class, or of the twelve with the
        lowest ones; and one row per pair, unless there is only one classifier.

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
    tables = [_scores_table(result), _costs_table(result), _classes_table(result)]
    if len(result.names) > 1:
        tables.append(_pairs_table(result))
    return Group(*tables)


def _scores_table(result: ComparisonResult) -> Table:
    """Return the table of scores with their intervals, one row per classifier."""
    scores = _SCORES_OF_SETS if result.multilabel else _SCORES
    shown = {**scores, "abstained": "abstained"} if result.abstained else scores
    table = _table(
        f"Scores on {len(result.y_true):,} test rows, in percent",
        f"With {result.confidence_level:.0%} BCa bootstrap intervals ({result.n_resamples:,} "
        "resamples), or intervals of the method named next to them.",
        ["classifier"],
        list(shown.values()),
    )
    for name, row in result.scores.iterrows():
        cells = [_interval(result, str(name), score) for score in scores]
        more = [percent(row["abstained"])] if result.abstained else []
        _add_row(table, str(name), [*cells, *more])
    return table


def _costs_table(result: ComparisonResult) -> Table:
    """Return the table of costs, one row per classifier; those of fitting if any was fitted."""
    scores = result.scores
    costs = {
        "training rows": scores["n_train_rows"].map(number),
        "fit, s": scores["fit_seconds"].map(seconds),
    }
    costs = costs if scores["fit_seconds"].notna().any() else {}
    costs |= {
        "texts/s": scores["texts_per_second"].map(number),
        "size, MB": scores["size_bytes"].map(megabytes),
    }
    table = _table("Costs", "", ["classifier"], list(costs))
    for name in result.names:
        _add_row(table, name, [column[name] for column in costs.values()])
    return table


def _classes_table(result: ComparisonResult) -> Table:
    """Return the table of F1 by class, one column per classifier.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    rich.table.Table
        Of many classes only those of the lowest F1.
    """
    f1 = pd.DataFrame({label: result.scores[f"f1_{label}"] for label in result.classes.tolist()}).T
    title = f"F1 of each {'label' if result.multilabel else 'class'}, in percent"
    if len(f1) > _MAX_CLASSES:
        lowest = f1.min(axis=1).nsmallest(_MAX_CLASSES).index
        title = f"{title}: the {_MAX_CLASSES} lowest of {len(f1):,}"
        f1 = f1.loc[lowest]
    table = _table(title, "", [""], result.names)
    for label, row in f1.iterrows():
        _add_row(table, str(label), row.map(percent).tolist())
    return table


def _pairs_table(result: ComparisonResult) -> Table:
    """Return the table of paired tests, one row per pair."""
    pairs, score = result.pairwise(), main_score(result)
    folds = (pairs["test"] == "corrected t").any()
    test = "Paired bootstrap" if result.multilabel else "McNemar's test"
    table = _table(
        f"{'Corrected t-test' if folds else test} of each pair, a against b",
        f"Points: {score.name} of a minus that of b, in percent.",
        ["a", "b"],
        ["points", "only a right", "only b right", "p-value"],
    )
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


def _table(title: str, caption: str, names: list[str], numbers: list[str]) -> Table:
    """Return an empty table without vertical lines, which leave no room on narrow terminals.

    Parameters
    ----------
    title, caption : str
    names, numbers : list of str
        Headers of columns of names, aligned left, and of numbers, aligned right.

    Returns
    -------
    rich.table.Table
    """
    table = Table(
        title=title,
        caption=caption or None,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
    )
    for header in names:
        table.add_column(Text(header), overflow="fold")
    for header in numbers:
        table.add_column(Text(header), justify="right")
    return table


def _add_row(table: Table, first: str, cells: list[str]) -> None:
    """Add a row of plain texts."""
    # In a str, rich would read the brackets of a name or a label as markup.
    table.add_row(Text(first), *map(Text, cells))


def _interval(result: ComparisonResult, name: str, score: str) -> str:
    """Return a score in percent with its interval.

    Parameters
    ----------
    result : ComparisonResult
    name : str
    score : str

    Returns
    -------
    str
    """
    row = result.scores.loc[name]
    ends = f"{percent(row[f'{score}_low'])}–{percent(row[f'{score}_high'])}"
    shown = interval_with_method(ends, str(result.interval_methods.loc[name, score]), usual="BCa")
    return f"{percent(row[score])} ({shown})"
