"""The counter counts what a file would hold."""

import io
import pickle

import joblib
import numpy as np
import pytest

from agnews_sk._core.byte_counter import ByteCounter

VALUES = {
    "bytes": b"x" * 100_000,
    "array": np.arange(1_000.0),
    "nested": {"a": [np.zeros(3, np.float32), "text"], "b": None},
}


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump], ids=["pickle", "joblib"])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_the_number_of_bytes_is_that_of_a_file(value, dump):
    counter, file = ByteCounter(), io.BytesIO()
    dump(value, counter)
    dump(value, file)
    assert counter.n_bytes == counter.tell() == len(file.getvalue())


def test_a_buffer_of_wide_items_counts_in_bytes():
    counter = ByteCounter()
    assert counter.write(memoryview(np.zeros(3))) == 24
    assert counter.write(b"") == 0
    assert counter.n_bytes == 24


def test_it_can_be_written_to_and_not_read():
    counter = ByteCounter()
    assert counter.writable()
    assert not counter.readable()
