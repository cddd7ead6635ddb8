"""Words for results: figures as people read them, and the answer in a sentence."""

from typing import TYPE_CHECKING, Any

from agnews_sk._core.formats import listed, number, percent, points, seconds

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult


def answer(result: "ComparisonResult") -> str:
    """Say in one sentence which classifier is more accurate, if the rows tell.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
        Only where the interval of a difference leaves zero out, and its Holm-corrected p value
        agrees, is a classifier called more accurate.
    """
    names = result.scores["accuracy"].sort_values(ascending=False, kind="stable").index.tolist()
    leader, others = names[0], names[1:]
    if not others:
        return f"{leader} gets {_accuracy(result, leader)} of {_rows(result)} right."
    differences = {other: _difference(result, leader, other) for other in others}
    beaten = [other for other, found in differences.items() if found["told_apart"]]
    even = [other for other in others if other not in beaten]

    def with_difference(names: list[str], word: str) -> str:
        found = [f"{name} ({word} {_interval(result, differences[name])})" for name in names]
        return listed(found)

    more = f"{leader} is more accurate than {with_difference(beaten, 'by')}"
    apart_from = with_difference(even, "difference")
    if not even:
        return f"{more}: it gets {_accuracy(result, leader)} of {_rows(result)} right."
    if not beaten:
        shown = f"{leader} ({percent_of(result, leader)})"
        return f"{_rows(result)} do not tell {shown} from {apart_from}."
    return (
        f"{more}, but {_rows(result)} do not tell it from {apart_from}; it gets "
        f"{_accuracy(result, leader)} right."
    )


def abstentions(result: "ComparisonResult") -> str:
    """Say in one sentence who abstains, and how often; nothing where nobody does.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    shares = result.scores["abstained"]
    found = [f"{name} abstains on {percent(share)} %" for name, share in shares.items() if share]
    return f"{listed(found)} of the rows, which count as wrong." if found else ""


def with_method(interval: str, method: str, usual: str) -> str:
    """Return an interval with the method that found it, where that is not the usual one.

    Parameters
    ----------
    interval : str
    method : str
        "none" where there is no interval.
    usual : str
        Method that a note says for all.

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk.evaluation._wording import with_method
    >>> with_method("0.96 to 1.00", "exact", usual="BCa")
    '0.96 to 1.00 exact'
    >>> with_method("–", "none", usual="BCa")
    'no interval'
    """
    if method == "none":
        return "no interval"
    return interval if method == usual else f"{interval} {method}"


def costs(result: "ComparisonResult") -> str:
    """Say in one sentence what fitting and answering take.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    rows = result.scores.dropna(subset="fit_seconds").to_dict("index")
    if not rows:
        return "What they cost is not known."
    fits = listed([f"{name} {seconds(row['fit_seconds'])} s" for name, row in rows.items()])
    speeds = listed([f"{name} {number(row['texts_per_second'])}" for name, row in rows.items()])
    return f"Fitting takes {fits}; texts answered a second: {speeds}."


def level(result: "ComparisonResult") -> str:
    """Return the confidence level with the percent sign."""
    return f"{100 * result.confidence_level:g} %"


def percent_of(result: "ComparisonResult", name: str) -> str:
    """Return a classifier's accuracy with the percent sign."""
    return f"{percent(result.scores.loc[name, 'accuracy'])} %"


def _rows(result: "ComparisonResult") -> str:
    n_rows = len(set(result.rows.tolist()))
    kind = "test rows" if result.folds is None else "cross-validated rows"
    return f"{n_rows:,} {kind}"


def _accuracy(result: "ComparisonResult", name: str) -> str:
    row = result.scores.loc[name]
    ends = f"{percent(row['accuracy_low'])} to {percent(row['accuracy_high'])}"
    method = str(result.interval_methods.loc[name, "accuracy"])
    return (
        f"{percent_of(result, name)} ({level(result)} interval {with_method(ends, method, 'BCa')})"
    )


def _difference(result: "ComparisonResult", leader: str, other: str) -> dict[str, Any]:
    """Return difference, interval and verdict, seen from the leader."""
    pairs = {(pair["a"], pair["b"]): pair for pair in result.pairs.to_dict("records")}
    forward = (leader, other) in pairs
    pair = pairs[(leader, other) if forward else (other, leader)]
    low, high = pair["accuracy_difference_low"], pair["accuracy_difference_high"]
    return {
        "difference": pair["accuracy_difference"] * (1 if forward else -1),
        "low": low if forward else -high,
        "high": high if forward else -low,
        "method": pair["accuracy_difference_method"],
        "told_apart": pair["told_apart"],
    }


def _interval(result: "ComparisonResult", found: dict[str, Any]) -> str:
    ends = f"{points(found['low'])} to {points(found['high'])}"
    usual = "BCa" if result.folds is None else "corrected t"
    return (
        f"{points(found['difference'])} points, {level(result)} interval "
        f"{with_method(ends, found['method'], usual)}"
    )
