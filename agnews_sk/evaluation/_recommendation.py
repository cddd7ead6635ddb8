"""Which classifier of a comparison to take, and what the others cost or give."""

from typing import TYPE_CHECKING

from agnews_sk._core.formats import listed, times
from agnews_sk.evaluation._wording import main_score

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult

# A faster classifier is recommended if it is at least so many times as fast as the best one, and
# makes at most so many times the errors.
_MIN_SPEEDUP = 2.0
_MAX_ERRORS = 1.5
# Of more classifiers, the others are counted.
_MAX_NAMES = 3


def recommendation(result: "ComparisonResult") -> str:
    """Recommend a classifier by its score and its speed, in one or two sentences.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
        The best, or the fastest of those that are not significantly worse if that is at least twice
        as fast; where others are twice as fast as this with at most 1.5 times its errors, the
        fastest of these, with what is to be gained. Empty for a single classifier, and where a
        speed is unknown.
    """
    speeds = result.scores["texts_per_second"]
    if len(speeds) < 2 or speeds.isna().any():
        return ""
    score = main_score(result)
    reached = result.scores[score.column]
    leader = str(speeds[reached == reached.max()].idxmax())
    as_good = [name for name in result.names if not _is_worse(result, name)]
    fastest = str(speeds[as_good].idxmax())
    best = fastest if speeds[fastest] >= _MIN_SPEEDUP * speeds[leader] else leader
    cheaper = [
        name
        for name in result.frontier()
        if speeds[name] >= _MIN_SPEEDUP * speeds[best]
        and 1 - reached[name] <= _MAX_ERRORS * (1 - reached[best])
    ]
    if not cheaper:
        return f"Take {best}: {_why(result, best, leader, as_good)}."
    dear = best if reached[best] > reached[cheaper[0]] else leader
    return _trade_off(result, cheaper, dear)


def _trade_off(result: "ComparisonResult", cheaper: list[str], dear: str) -> str:
    """Return what a better classifier gains and costs, and those between.

    Parameters
    ----------
    result : ComparisonResult
    cheaper : list of str
        The fastest, which is recommended, and then slower and better ones.
    dear : str
        A better one.

    Returns
    -------
    str
    """
    score, speeds = main_score(result), result.scores["texts_per_second"]
    reached, cheapest = result.scores[score.column], cheaper[0]

    def gain(name: str) -> str:
        points = 100 * (reached[name] - reached[cheapest])
        return f"{points:.{1 if points >= 0.1 else 2}f}"

    def cost(name: str) -> str:
        return f"{times(speeds[cheapest] / speeds[name])} the time"

    first = (
        f"Take {cheapest}, unless {gain(dear)} points of {score.name} are worth {cost(dear)} per "
        f"text: then {dear}."
    )
    others = [f"{name} gains {gain(name)} at {cost(name)}" for name in cheaper[1:] if name != dear]
    return f"{first} Between them, {listed(others)}." if others else first


def _why(result: "ComparisonResult", best: str, leader: str, as_good: list[str]) -> str:
    """Return the reason for a classifier, if no faster one comes near.

    Parameters
    ----------
    result : ComparisonResult
    best : str
        The classifier that is recommended.
    leader : str
        That of the highest score.
    as_good : list of str
        Those that none is significantly better than, with `best`.

    Returns
    -------
    str
    """
    speeds, name = result.scores["texts_per_second"], main_score(result).name
    if best != leader:
        others = [other for other in as_good if other != best]
        ratios = [f"{times(speeds[best] / speeds[other])} as fast as {other}" for other in others]
        return f"none has a significantly higher {name}, and it is {listed(_shortened(ratios))}"
    similar = [o for o in result.names if o != best and not _is_worse(result, o, than=best)]
    if not similar:
        return f"its {name} is significantly higher than that of any other"
    reached = result.scores[main_score(result).column]
    rank = "as high as any" if (reached[similar] == reached[best]).any() else "the highest"
    return (
        f"its {name} is {rank}, though not significantly above {listed(_shortened(similar), 'or')}"
    )


def _shortened(names: list[str]) -> list[str]:
    """Return the first of many names, and how many there are besides."""
    n_others = len(names) - _MAX_NAMES
    return names if n_others < 2 else [*names[:_MAX_NAMES], f"{n_others} others"]


def _is_worse(result: "ComparisonResult", name: str, than: str | None = None) -> bool:
    """Return whether another classifier, any or a given one, is significantly better."""
    pairs = result.pairs[result.pairs["significant"]]
    differences = pairs[f"{main_score(result).column}_difference"]
    below = (pairs["a"] == name) & (differences < 0) | (pairs["b"] == name) & (differences > 0)
    if than is not None:
        below &= (pairs["a"] == than) | (pairs["b"] == than)
    return bool(below.any())
