"""imbalanced-learn, imported without the test helpers of scikit-learn.

Through sklearn-compat 0.1, imbalanced-learn imports scikit-learn's helpers for tests of estimators,
and these import all estimators and pytest. That takes 0.2 s, two thirds of the import, and nothing
but those tests calls them. Modules that need imbalanced-learn import it from here.
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_TEST_HELPERS = (
    "sklearn.utils._test_common.instance_generator",
    "sklearn.utils._testing",
    "sklearn.utils.estimator_checks",
)


class _LateModule(ModuleType):
    """A module whose functions import the real module of that name when they are called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)

        return call


@contextmanager
def imported_late(names: Sequence[str]) -> Iterator[None]:
    """Import functions of some modules without these modules, which are imported at the first call.

    Parameters
    ----------
    names : sequence of str
        Full names of modules. One that is already imported stays as it is.
    """
    late = {name: _LateModule(name) for name in names if name not in sys.modules}
    sys.modules.update(late)
    try:
        yield
    finally:
        for name, module in late.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


with imported_late(_TEST_HELPERS):
    import imblearn.base
    import imblearn.pipeline

__all__ = ["imblearn"]
