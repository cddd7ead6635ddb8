"""The words for a comparison's verdict, its abstentions and its costs, in plain sentences."""

from typing import TYPE_CHECKING, NamedTuple

from agnews_sk._core.formats import listed, number, percent, points, seconds

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult


class MainScore(NamedTuple):
    """The score that classifiers are compared by.

    Attributes
    ----------
    column : str
        Of `ComparisonResult.scores`.
    article, name : str
    more : str
        What is said of a classifier with a significantly higher one.
    p_prefix : str
        Before "p_value" and "p_holm" in the columns of `ComparisonResult.pairs`.
    """

    column: str
    article: str
    name: str
    more: str
    p_prefix: str


_ACCURACY = MainScore("accuracy", "an", "accuracy", "is significantly more accurate than", "")
_MACRO_F1 = MainScore(
    "macro_f1", "a", "macro-F1", "has a significantly higher macro-F1 than", "macro_f1_"
)


class _Difference(NamedTuple):
    """Difference of the scores of the leader and another classifier."""

    difference: float
    low: float
    high: float
    method: str
    significant: bool


def verdict(result: "ComparisonResult") -> str:
    """State in one sentence which classifier is significantly better, if any.

    With several labels per row it is about macro-F1, else about the accuracy.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
        The classifier of the highest score is called better than those from which its difference
        is `significant`, see `ComparisonResult.pairwise`.
    """
    score = main_score(result)
    ranked = result.scores[score.column].sort_values(ascending=False, kind="stable")
    leader, *others = ranked.index.tolist()
    rows, reached = rows_of(result), _reached(result, leader)
    if not others:
        return f"{leader} has {score.article} {score.name} of {reached} on {rows}."
    differences = {other: _difference(result, leader, other) for other in others}
    worse, similar = (
        [
            f"{other} ({_interval(result, found)})"
            for other, found in differences.items()
            if found.significant == significant
        ]
        for significant in (True, False)
    )
    not_significant = listed(similar, "or")
    if not worse:
        return (
            f"There is no significant difference in {score.name} between {leader} "
            f"({_percent(result, leader)}) and {not_significant} on {rows}."
        )
    but = f", but not than {not_significant}," if similar else ""
    return f"{leader} {score.more} {listed(worse)}{but} on {rows}: its {score.name} is {reached}."


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
    """State how long each fit took, how many texts are predicted per second, and the frontier.

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
    front = listed(result.frontier(), "or") if len(speeds) > 2 else ""
    sentences = [
        f"Time to fit: {listed(fits)}." if fits else "",
        f"Prediction speed: {listed(speeds)}." if speeds else "",
        f"No other has both a higher {main_score(result).name} and speed than {front}."
        if front
        else "",
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


def main_score(result: "ComparisonResult") -> MainScore:
    """Return the score that classifiers are compared by.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    MainScore
        macro-F1 of label sets, else the accuracy.
    """
    return _MACRO_F1 if result.multilabel else _ACCURACY


def _percent(result: "ComparisonResult", name: str) -> str:
    """Return a classifier's score with the percent sign."""
    return f"{percent(result.scores.loc[name, main_score(result).column])} %"


def rows_of(result: "ComparisonResult") -> str:
    """Return the number and kind of the distinct rows that were predicted."""
    kind = "test rows" if result.folds is None else "cross-validated rows"
    return f"{len(set(result.rows.tolist())):,} {kind}"


def _reached(result: "ComparisonResult", name: str) -> str:
    """Return a classifier's score with its interval."""
    row, score = result.scores.loc[name], main_score(result).column
    ends = f"{percent(row[f'{score}_low'])} to {percent(row[f'{score}_high'])}"
    method = str(result.interval_methods.loc[name, score])
    interval = interval_with_method(ends, method, "BCa")
    return f"{_percent(result, name)} ({confidence_percent(result)} interval {interval})"


def _difference(result: "ComparisonResult", leader: str, other: str) -> _Difference:
    """Return the row of a pair as seen from the leader, which may be its `a` or its `b`."""
    pairs = {(pair["a"], pair["b"]): pair for pair in result.pairs.to_dict("records")}
    forward = (leader, other) in pairs
    pair = pairs[(leader, other) if forward else (other, leader)]
    difference = f"{main_score(result).column}_difference"
    low, high = pair[f"{difference}_low"], pair[f"{difference}_high"]
    return _Difference(
        difference=pair[difference] * (1 if forward else -1),
        low=low if forward else -high,
        high=high if forward else -low,
        method=pair[f"{difference}_method"],
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
