"""The words for a comparison's verdict, its abstentions and its costs, in plain sentences."""

from typing import TYPE_CHECKING, NamedTuple

from agnews_sk._core.formats import listed, number, percent, points, seconds

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult


class _Difference(NamedTuple):
    """Difference of the accuracies of the leader and another classifier, as a share of rows."""

    difference: float
    low: float
    high: float
    method: str
    significant: bool


def verdict(result: "ComparisonResult") -> str:
    """State in one sentence which classifier is significantly more accurate, if any.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
        The classifier of the highest accuracy is called more accurate than those from which its
        difference is `significant`, see `ComparisonResult.pairwise`.
    """
    accuracy = result.scores["accuracy"].sort_values(ascending=False, kind="stable")
    leader, *others = accuracy.index.tolist()
    rows, reached = _rows(result), _accuracy(result, leader)
    if not others:
        return f"{leader} has an accuracy of {reached} on {rows}."
    differences = {other: _difference(result, leader, other) for other in others}
    worse = [other for other, found in differences.items() if found.significant]
    similar = [other for other in others if other not in worse]
    shown = {name: f"{name} ({_interval(result, found)})" for name, found in differences.items()}
    not_significant = " or ".join(shown[name] for name in similar)
    if not worse:
        return (
            f"There is no significant difference in accuracy between {leader} "
            f"({_percent(result, leader)}) and {not_significant} on {rows}."
        )
    more = f"{leader} is significantly more accurate than {listed([shown[n] for n in worse])}"
    but = f", but not than {not_significant}," if similar else ""
    return f"{more}{but} on {rows}: its accuracy is {reached}."


def abstention_note(result: "ComparisonResult") -> str:
    """State in one sentence how often classifiers abstain; empty where none does.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    shares = result.scores["abstained"]
    found = [f"{name} abstains on {percent(share)} %" for name, share in shares.items() if share]
    return f"{listed(found)} of the rows, which count as errors." if found else ""


def cost_note(result: "ComparisonResult") -> str:
    """State in one sentence how long each fit took, and how many texts are predicted per second.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    fits = [
        f"{name} {seconds(value)} s"
        for name, value in result.scores["fit_seconds"].dropna().items()
    ]
    speeds = [
        f"{name} {number(value)} texts/s"
        for name, value in result.scores["texts_per_second"].dropna().items()
    ]
    sentences = [
        f"Time to fit: {listed(fits)}." if fits else "",
        f"Prediction speed: {listed(speeds)}." if speeds else "",
    ]
    return " ".join(filter(None, sentences)) or "Their costs are unknown."


def interval_with_method(interval: str, method: str, usual: str) -> str:
    """Return an interval with the method that found it, where that is not the usual one.

    Parameters
    ----------
    interval : str
    method : str
        "none" where there is no interval.
    usual : str
        Method that a note states for all intervals.

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk.evaluation._wording import interval_with_method
    >>> interval_with_method("0.96 to 1.00", "exact", usual="BCa")
    '0.96 to 1.00 exact'
    >>> interval_with_method("–", "none", usual="BCa")
    'no interval'
    """
    if method == "none":
        return "no interval"
    return interval if method == usual else f"{interval} {method}"


def confidence_percent(result: "ComparisonResult") -> str:
    """Return the confidence level of all intervals, such as "95 %"."""
    return f"{100 * result.confidence_level:g} %"


def _percent(result: "ComparisonResult", name: str) -> str:
    """Return a classifier's accuracy with the percent sign."""
    return f"{percent(result.scores.loc[name, 'accuracy'])} %"


def _rows(result: "ComparisonResult") -> str:
    """Return the number and kind of the distinct rows that were predicted."""
    kind = "test rows" if result.folds is None else "cross-validated rows"
    return f"{len(set(result.rows.tolist())):,} {kind}"


def _accuracy(result: "ComparisonResult", name: str) -> str:
    """Return a classifier's accuracy with its interval."""
    row = result.scores.loc[name]
    ends = f"{percent(row['accuracy_low'])} to {percent(row['accuracy_high'])}"
    method = str(result.interval_methods.loc[name, "accuracy"])
    interval = interval_with_method(ends, method, "BCa")
    return f"{_percent(result, name)} ({confidence_percent(result)} interval {interval})"


def _difference(result: "ComparisonResult", leader: str, other: str) -> _Difference:
    """Return the row of a pair as seen from the leader, which may be its `a` or its `b`."""
    pairs = {(pair["a"], pair["b"]): pair for pair in result.pairs.to_dict("records")}
    forward = (leader, other) in pairs
    pair = pairs[(leader, other) if forward else (other, leader)]
    low, high = pair["accuracy_difference_low"], pair["accuracy_difference_high"]
    return _Difference(
        difference=pair["accuracy_difference"] * (1 if forward else -1),
        low=low if forward else -high,
        high=high if forward else -low,
        method=pair["accuracy_difference_method"],
        significant=pair["significant"],
    )


def _interval(result: "ComparisonResult", found: _Difference) -> str:
    """Return a difference in percentage points with its interval."""
    ends = f"{points(found.low)} to {points(found.high)}"
    usual = "BCa" if result.folds is None else "corrected t"
    return (
        f"difference {points(found.difference)} points, {confidence_percent(result)} interval "
        f"{interval_with_method(ends, found.method, usual)}"
    )
