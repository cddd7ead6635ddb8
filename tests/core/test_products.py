"""Products of rows: threads of their own, and none of BLAS."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from agnews_sk._core.products import threads


def threads_of_blas():
    """Return the number of threads of each BLAS library that NumPy brings."""
    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return {one["filepath"]: one["num_threads"] for one in found if "numpy" in one["filepath"]}


def test_blas_uses_one_thread_meanwhile_and_as_many_as_before_after_it():
    if not threads_of_blas():
        pytest.skip("NumPy was built with a BLAS that it does not bring")
    for n_threads in (2, 3):
        with threadpool_limits(n_threads, "blas"):
            with threads(np.ones((2, 2)), None):
                assert set(threads_of_blas().values()) == {1}
            assert set(threads_of_blas().values()) == {n_threads}
