"""Load the names that rooms import when asked for, so that the examples of all of them run."""

import gc

import pytest

from agnews_sk import classifiers

for _name in classifiers.__all__:
    getattr(classifiers, _name)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Have the garbage collector skip the modules and the tests, which are a million objects.

    It would visit all of them each time that a service starts, which takes most of a second.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()
        # A service that ends would have them visited again by the next one.
        gc.unfreeze = lambda: None
