"""Run the checks on one estimator, or as pytest tests."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypedDict
from unittest import SkipTest

from sklearn.exceptions import EstimatorCheckFailedWarning, SkipTestWarning

import agnews_sk.testing._checks  # noqa: F401  registers the checks
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.testing._registry import REGISTERED, Check, checks_for

Reasons = dict[str, str]
RoundTrip = Callable[[Any], Any]
Container = Callable[[list[Any]], Any]

MAX_ID_LETTERS = 60


class CheckResult(TypedDict):
    """The result of one check, with the keys of scikit-learn's `check_estimator`."""

    estimator: Any
    check_name: str
    exception: Exception | None
    status: Literal["passed", "failed", "xfail", "skipped"]
    expected_to_fail: bool
    expected_to_fail_reason: str | None


def text_checks(estimator: Any = None) -> dict[str, Check]:
    """Return the checks by name, all of them or those that apply to an estimator.

    Parameters
    ----------
    estimator : estimator object, optional

    Returns
    -------
    dict of str to callable
        Each takes the estimator's name for messages, and the estimator; the first line of its
        docstring is its claim.

    Examples
    --------
    >>> from agnews_sk.testing import text_checks
    >>> text_checks()["check_tuple"].__doc__.splitlines()[0]
    'A tuple of texts gives the outputs of a list.'
    """
    checks = list(REGISTERED) if estimator is None else checks_for(estimator)
    return {check.__name__: check for check in checks}


def text_checks_generator(
    estimator: Any, *, round_trip: RoundTrip | None = None, container: Container | None = None
) -> Iterator[tuple[Any, Callable[[Any], None]]]:
    """Yield the checks that apply to an estimator, ready to be called with it.

    Parameters
    ----------
    estimator : estimator object
        Unfitted, or fitted: a check works on clones only.
    round_trip : callable, optional
        Takes a fitted estimator, saves it, and returns what it loads, for `check_round_trip`.
    container : callable, optional
        As in `check_text_estimator`.

    Yields
    ------
    estimator, check : estimator object and callable
        `check(estimator)` raises an AssertionError if the claim does not hold.

    Raises
    ------
    TypeError
        If a class is given in place of an instance, or an object without `get_params`.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from agnews_sk.testing import text_checks_generator
    >>> for estimator, check in text_checks_generator(CountVectorizer()):
    ...     if check.func.__name__ == "check_tuple":
    ...         check(estimator)
    """
    if isinstance(estimator, type):
        raise TypeError(f"estimator must be an instance, got the class {estimator.__name__}.")
    if not hasattr(estimator, "get_params"):
        raise TypeError(
            f"estimator must have get_params, since checks fit clones of it, got a "
            f"{type(estimator).__name__}; wrap it in a class that derives from BaseEstimator."
        )
    for check_name, check in text_checks(estimator).items():
        options = {"round_trip": round_trip} if check_name == "check_round_trip" else {}
        bound = partial(check, type(estimator).__name__, container=container, **options)
        yield estimator, bound


def check_text_estimator(
    estimator: Any,
    *,
    expected_failed_checks: Reasons | None = None,
    on_skip: Literal["warn"] | None = None,
    on_fail: Literal["raise", "warn"] | None = "raise",
    callback: Callable[..., None] | None = None,
    round_trip: RoundTrip | None = None,
    container: Container | None = None,
) -> list[CheckResult]:
    """Check that an estimator of texts follows the conventions of scikit-learn and this package.

    scikit-learn's :func:`~sklearn.utils.estimator_checks.check_estimator` feeds numbers, and so
    tests almost nothing of an estimator of texts. This function has the same interface and feeds
    texts.

    Parameters
    ----------
    estimator : estimator object
        Transformer, classifier, sampler or pipeline whose `fit` takes texts. It is cloned, and
        its `random_state` parameters are set to 0, before each fit.
    expected_failed_checks : dict of str to str, optional
        Names of checks that may fail, with the reason.
    on_skip : {"warn"} or None, default=None
        Whether to warn of a check that is skipped.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do on an unexpected failure: raise it, warn and continue, or continue.
    callback : callable, optional
        Called after each check with the items of its result as keyword arguments. Not
        allowed with `on_fail="raise"`.
    round_trip : callable, optional
        Takes a fitted estimator, saves it, and returns what it loads. Without it
        `check_round_trip` is skipped; pickle is checked in any case.
    container : callable, optional
        Makes of a list of texts what the estimator takes, such as `pandas.Series` if it takes
        columns only. Lists of texts are given in it; checks of other containers are as they are.

    Returns
    -------
    list of dict
        One per check, with the keys `estimator`, `check_name`, `exception`, `status` ("passed",
        "failed", "xfail" or "skipped"), `expected_to_fail` and `expected_to_fail_reason`.

    Raises
    ------
    AssertionError
        If a check fails and `on_fail="raise"`. The message names the estimator, the claim and what
        happened instead.
    TypeError
        If a class is given in place of an instance, or an object without `get_params`.
    ValueError
        If `callback` is given with `on_fail="raise"`, or an expected failure names no check.

    See Also
    --------
    parametrize_with_text_checks : The same checks as pytest tests.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from agnews_sk.testing import check_text_estimator
    >>> results = check_text_estimator(CountVectorizer(), on_fail=None)
    >>> failed = [result for result in results if result["status"] == "failed"]
    >>> str(failed[0]["exception"])[:88]
    'CountVectorizer: An array of one column gives the outputs of a list of its texts. Instea'
    """
    if on_fail == "raise" and callback is not None:
        raise ValueError("callback needs on_fail='warn' or on_fail=None, got on_fail='raise'.")
    reasons = _checked_reasons(expected_failed_checks)
    results = []
    for checked, check in text_checks_generator(
        estimator, round_trip=round_trip, container=container
    ):
        result = _run(checked, check, reasons, raising=on_fail == "raise")
        _warn(result, on_skip, on_fail)
        results.append(result)
        if callback is not None:
            callback(**result)
    return results


def _checked_reasons(reasons: Reasons | None) -> Reasons:
    """Return the reasons, or reject the names of checks that do not exist."""
    unknown = sorted(set(reasons or {}) - set(text_checks()))
    if unknown:
        raise ValueError(f"expected_failed_checks names no check by {unknown}; see text_checks().")
    return reasons or {}


def _run(
    estimator: Any, check: Callable[[Any], None], reasons: Reasons, *, raising: bool
) -> CheckResult:
    """Run one check and return its result, or raise a failure that is not expected."""
    check_name = check.func.__name__  # type: ignore[attr-defined]
    expected = check_name in reasons
    exception: Exception | None = None
    status: Literal["passed", "failed", "xfail", "skipped"] = "passed"
    try:
        check(estimator)
    except SkipTest as skipped:
        exception, status = skipped, "skipped"
    except AssertionError as failure:
        if raising and not expected:
            raise
        exception, status = failure, "xfail" if expected else "failed"
    return CheckResult(
        estimator=estimator,
        check_name=check_name,
        exception=exception,
        status=status,
        expected_to_fail=expected,
        expected_to_fail_reason=reasons.get(check_name),
    )


def _warn(result: CheckResult, on_skip: str | None, on_fail: str | None) -> None:
    """Warn of a check that was skipped or failed, where requested."""
    if result["status"] == "skipped" and on_skip == "warn":
        message = f"{result['check_name']} was skipped: {result['exception']}."
        warn_user(message, SkipTestWarning)
    if result["status"] == "failed" and on_fail == "warn":
        warn_user(EstimatorCheckFailedWarning(**result))


def parametrize_with_text_checks(
    estimators: list[Any],
    *,
    expected_failed_checks: Callable[[Any], Reasons] | None = None,
    xfail_strict: bool | None = None,
    round_trip: RoundTrip | None = None,
    container: Container | None = None,
) -> Any:
    """Parametrize a pytest test with each check of each estimator.

    Parameters
    ----------
    estimators : list of estimator objects
    expected_failed_checks : callable, optional
        Takes an estimator and returns the names of checks that may fail, with the reason. Their
        tests are marked `xfail` with that reason.
    xfail_strict : bool, optional
        Whether a check that is expected to fail and passes is a failure. None leaves it to
        pytest's configuration.
    round_trip, container : callable, optional
        As in `check_text_estimator`.

    Returns
    -------
    decorator
        `pytest.mark.parametrize` over `estimator` and `check`.

    Raises
    ------
    TypeError
        If a class is given in place of an instance, or an object without `get_params`.

    See Also
    --------
    check_text_estimator : Run the checks without pytest.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from agnews_sk.testing import parametrize_with_text_checks
    >>> @parametrize_with_text_checks([TfidfVectorizer(), TfidfVectorizer(sublinear_tf=True)])
    ... def test_vectorizer(estimator, check):
    ...     check(estimator)
    """
    import pytest

    def marked(estimator: Any, check: Any, reasons: Reasons, label: str) -> Any:
        """Return the parameters of one test, marked if it is expected to fail."""
        check_name = check.func.__name__
        marks = []
        if check_name in reasons:
            strict: dict[str, Any] = {} if xfail_strict is None else {"strict": xfail_strict}
            marks = [pytest.mark.xfail(reason=reasons[check_name], **strict)]
        return pytest.param(estimator, check, marks=marks, id=f"{label}-{check_name}")

    params = []
    for estimator in estimators:
        found = expected_failed_checks(estimator) if expected_failed_checks else None
        reasons = _checked_reasons(found)
        pairs = text_checks_generator(estimator, round_trip=round_trip, container=container)
        label = _short(estimator)
        params += [marked(checked, check, reasons, label) for checked, check in pairs]
    return pytest.mark.parametrize(("estimator", "check"), params)


def _short(estimator: Any) -> str:
    """Return the repr of an estimator for a test id, or its class name if the repr is long."""
    text = " ".join(repr(estimator).split())
    return text if len(text) <= MAX_ID_LETTERS else type(estimator).__name__
