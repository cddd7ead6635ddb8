import copy
import hashlib
import pickle
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from agnews_sk.caching._text_cache import TextCache, lend_cache, lent_cache


class Counter:
    """Computes lengths, and records each text that it was called with."""

    def __init__(self):
        self.seen = []

    def __call__(self, texts):
        self.seen += texts
        return [np.array([len(text), 0], dtype=np.int32) for text in texts]


@pytest.fixture(params=["memory", "folder"])
def cache(request, tmp_path):
    return TextCache(tmp_path if request.param == "folder" else None)


def test_each_distinct_text_is_computed_once_in_any_order(cache):
    compute = Counter()
    cache.rows("length", ["oil", "cup", "oil"], compute)
    rows = cache.rows("length", ["cup", "final", "oil"], compute)
    assert compute.seen == ["oil", "cup", "final"]
    assert [row[0] for row in rows] == [3, 5, 3]
    assert rows[0].dtype == np.int32
    assert (cache.n_hits, cache.n_misses) == (2, 3)


def test_namespaces_do_not_mix(cache):
    compute = Counter()
    cache.rows("a", ["oil"], compute)
    cache.rows("b", ["oil"], compute)
    assert compute.seen == ["oil", "oil"]


def test_clear_deletes_all_rows(cache):
    compute = Counter()
    cache.rows("a", ["oil"], compute)
    cache.clear()
    cache.rows("a", ["oil"], compute)
    assert compute.seen == ["oil", "oil"]


def test_memory_drops_the_least_recently_used_rows():
    cache, compute = TextCache(max_bytes=16), Counter()
    cache.rows("a", ["one", "two"], compute)
    cache.rows("a", ["one"], compute)
    cache.rows("a", ["three"], compute)
    cache.rows("a", ["one"], compute)
    assert compute.seen == ["one", "two", "three"]
    cache.rows("a", ["two"], compute)
    assert compute.seen[-1] == "two"


def test_a_call_larger_than_the_limit_still_returns_all_rows(cache):
    small = TextCache(cache.folder, max_bytes=9)
    texts = [str(i) for i in range(40)]
    assert len(small.rows("a", texts, Counter())) == 40


def test_a_full_folder_takes_no_new_rows(tmp_path):
    cache, compute = TextCache(tmp_path, max_bytes=30), Counter()
    cache.rows("a", ["one", "two"], compute)
    cache.rows("a", ["three"], compute)
    cache.rows("a", ["one", "two", "three"], compute)
    assert compute.seen == ["one", "two", "three", "three"]


def test_a_folder_serves_other_caches_and_later_runs(tmp_path):
    TextCache(tmp_path).rows("a", ["oil"], Counter())
    later, compute = TextCache(tmp_path), Counter()
    assert later.rows("a", ["oil"], compute)[0].tolist() == [3, 0]
    assert compute.seen == []


def test_copies_share_a_cache_and_pickles_do_not():
    cache = TextCache()
    cache.rows("a", ["oil"], Counter())
    assert copy.deepcopy(cache) is cache
    assert clone(cache, safe=False) is cache
    restored = pickle.loads(pickle.dumps(cache))
    assert (restored.n_misses, restored.max_bytes) == (0, cache.max_bytes)


@given(st.lists(st.text(), max_size=30))
def test_every_text_has_its_own_row(texts):
    rows = TextCache().rows("a", texts, lambda new: [np.frombuffer(t.encode(), "u1") for t in new])
    assert [row.tobytes().decode() for row in rows] == texts


FILL = """
import sys
import numpy as np
from agnews_sk.caching import TextCache
folder, start = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
input()
texts = [str(i) for i in range(start, start + 200)]
TextCache(folder).rows("a", texts, lambda new: [np.array([len(text), 0]) for text in new])
"""


def test_processes_write_to_one_folder_at_a_time(tmp_path):
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", FILL, str(tmp_path), start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for start in ("0", "100")
    ]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 2
    for worker in workers:
        print("go", file=worker.stdin, flush=True)
    for worker in workers:
        worker.communicate(timeout=60)
    compute = Counter()
    TextCache(tmp_path).rows("a", [str(i) for i in range(300)], compute)
    assert [worker.returncode for worker in workers] == [0, 0]
    assert compute.seen == []


def test_threads_that_compute_the_same_rows_count_their_bytes_once():
    cache = TextCache(max_bytes=16)
    both_missed = threading.Barrier(2, timeout=60)

    def compute(texts):
        both_missed.wait()
        return Counter()(texts)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: cache.rows("a", ["one", "two"], compute), range(2)))
    kept = Counter()
    cache.rows("a", ["one", "two"], kept)
    assert kept.seen == []


def test_a_cached_row_does_not_keep_its_batch_in_memory():
    cache, batches = TextCache(), [np.zeros((2, 1_000))]
    held = weakref.ref(batches[0])
    cache.rows("a", ["one", "two"], lambda _: list(batches.pop()))
    assert cache.rows("a", ["one"], Counter())[0].nbytes == 8_000
    assert held() is None


def test_a_long_namespace_is_hashed_once(monkeypatch):
    hashed = []
    blake2b = hashlib.blake2b
    monkeypatch.setattr(
        "hashlib.blake2b", lambda data, **how: hashed.append(data) or blake2b(data, **how)
    )
    TextCache().rows("a tokenizer's JSON", ["one", "two", "three"], Counter())
    assert hashed.count(b"a tokenizer's JSON") == 1


def test_a_limit_below_one_byte_is_rejected():
    with pytest.raises(ValueError, match="max_bytes must be at least 1, got 0"):
        TextCache(max_bytes=0)


@pytest.mark.parametrize("in_folder", [False, True], ids=["memory", "folder"])
def test_rows_from_the_cache_are_read_only(in_folder, tmp_path):
    cache = TextCache(tmp_path if in_folder else None)
    cache.rows("a", ["oil"], lambda texts: [np.array([1, 2])])
    (kept,) = cache.rows("a", ["oil"], lambda texts: [])
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 7


def test_a_cache_is_lent_within_a_block_and_in_its_thread():
    outer = TextCache()
    assert lent_cache() is None
    with lend_cache(outer):
        with lend_cache(TextCache()):
            assert lent_cache() is outer
        assert lent_cache() is outer
        with ThreadPoolExecutor(1) as other:
            assert other.submit(lent_cache).result() is None
    assert lent_cache() is None
