"""Tell an observer of each outermost fit, comparison and search, such as one that logs them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Call(NamedTuple):
    """A call that is observed.

    Attributes
    ----------
    kind : {"fit", "compare", "search"}
    args : tuple
        Of a method, its object comes first.
    kwargs : mapping of str to object
    run : callable
        Runs it, without arguments, and returns its result.
    """

    kind: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    run: Callable[[], Any]


Observer = Callable[[Call], Any]
_OBSERVER: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Pass the outermost observed calls of this thread to an observer, within the block.

    Parameters
    ----------
    observer : callable taking a Call
        It runs the call, and returns its result.
    """
    token = _OBSERVER.set(observer)
    try:
        yield
    finally:
        _OBSERVER.reset(token)


def observed(kind: str) -> Callable[[_Function], _Function]:
    """Return a decorator of functions and methods that are observed.

    Parameters
    ----------
    kind : str
        As in `Call`.

    Returns
    -------
    callable

    Notes
    -----
    What an observed call calls is not observed, such as the fits of a comparison, in this thread or
    another. Threads and processes that are started elsewhere have no observer.

    Examples
    --------
    >>> from agnews_sk._core.observed import observed, observing
    >>> @observed("fit")
    ... def fit(n):
    ...     return n if n == 0 else fit(n - 1)
    >>> calls = []
    >>> def observer(call):
    ...     calls.append((call.kind, call.args))
    ...     return call.run()
    >>> with observing(observer):
    ...     fit(3)
    0
    >>> calls
    [('fit', (3,))]
    """

    def decorate(function: _Function) -> _Function:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            observer = _OBSERVER.get()
            if observer is None:
                return function(*args, **kwargs)
            token = _OBSERVER.set(None)
            try:
                return observer(Call(kind, args, kwargs, lambda: function(*args, **kwargs)))
            finally:
                _OBSERVER.reset(token)

        return run  # type: ignore[return-value]

    return decorate
