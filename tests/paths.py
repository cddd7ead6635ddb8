"""The path of a call through the package: the files that it enters, and their callers."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.structure import FLOOR, ROOT

_ESTIMATORS = ("cleaning", "sampling", "vectorization", "classifiers", "pipeline.py")
_STEPS = ("cleaning", "tokenization", "vectorization", "classifiers")
# Files, or all files of a room, that may call others on a higher floor, which were handed to them.
CALLBACKS = {
    # the function that works on a block of rows
    "_core/columnar.py": ("cleaning/_cleaner.py", "tokenization", "vectorization/_vectorizer.py"),
    "_core/base.py": ("sampling/_row_filter.py", "classifiers"),  # a method of a subclass
    # the functions that are observed
    "_core/observed.py": (*_ESTIMATORS, "evaluation/_comparison.py", "tuning/_search.py"),
    "_core/fitted.py": _STEPS,  # the method that tells whether an estimator is fitted
    "_core/plain_rows.py": _STEPS,  # the steps of a pipeline
    # the function that splits a text
    "tokenization/_encoded_tokens.py": ("vectorization/_analyzer.py",),
    "files/_rows.py": ("datasets/_recognize.py",),  # the rules by which columns are read
    # what reads, keeps and shows the blocks of files that are fitted on
    "vectorization/_by_blocks.py": ("streaming/_vectors.py",),
    "classifiers/_block_sums.py": ("streaming",),
    "evaluation/_costs.py": _ESTIMATORS,  # the classifiers to compare
    "evaluation/_evaluation.py": _ESTIMATORS,
    "evaluation/_predictions.py": _ESTIMATORS,
    "nn": ("training/_dropout.py", "training/_hardware.py"),  # which replace torch functions
    "nn/_weights.py": ("classifiers/_base.py",),  # the function that builds a module
    "pipeline.py": ("tuning/_prefix_cache.py",),  # the memory that a search gives to pipelines
}


class Trace:
    """The calls into the package that were traced.

    Attributes
    ----------
    files : list of str
        Relative to the package, in the order of the first call into each.
    callers : dict of str to set of str
        For each file, the files on the stack when it was called.
    upward : set of (str, str)
        Calls from a file into one on a higher floor, other libraries between them or not.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.callers: dict[str, set[str]] = defaultdict(set)
        self.upward: set[tuple[str, str]] = set()

    def see(self, frame: FrameType, event: str, _: object) -> None:
        """Record a call into the package, as `sys.setprofile` reports it."""
        name = _file_of(frame)
        if event != "call" or name is None or frame.f_code.co_name == "<module>":
            return
        stack = [file for above in _above(frame) if (file := _file_of(above))]
        if name not in self.callers:
            self.files.append(name)
        self.callers[name] |= set(stack)
        if stack and floor(stack[0]) < floor(name):
            self.upward.add((stack[0], name))


def floor(file: str) -> int:
    """Return the floor of a file of the package."""
    return FLOOR[file.partition("/")[0].removesuffix(".py")]


def is_callback(caller: str, called: str) -> bool:
    """Return whether a file may call another one on a higher floor."""
    may_call = (*CALLBACKS.get(caller, ()), *CALLBACKS.get(_room(caller), ()))
    return called in may_call or _room(called) in may_call


def _room(file: str) -> str:
    return file.partition("/")[0]


@contextmanager
def traced() -> Iterator[Trace]:
    """Trace what happens in the block, in this thread."""
    trace, before = Trace(), sys.getprofile()
    sys.setprofile(trace.see)
    try:
        yield trace
    finally:
        sys.setprofile(before)


def _above(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def _file_of(frame: FrameType) -> str | None:
    """Return the file of the package that a frame belongs to, if any."""
    name = frame.f_code.co_filename
    inside = name.startswith(f"{ROOT}/") and name.endswith(".py")
    return name[len(str(ROOT)) + 1 :] if inside else None
