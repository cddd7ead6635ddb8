"""Errors of a block become one error that names the file."""

import struct

import pytest

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._errors import artifact_errors


class Panic(BaseException):
    """Like a panic of Rust code, which is not an Exception."""


@pytest.mark.parametrize(
    "error",
    [KeyError("a"), struct.error("a"), RecursionError("a"), MemoryError("a"), Panic("a")],
    ids=lambda error: type(error).__name__,
)
def test_any_error_names_the_file_and_keeps_its_cause(error):
    message = r"model\.bin is damaged or forged: '?a"
    with pytest.raises(ArtifactError, match=message) as caught, artifact_errors("model.bin"):
        raise error
    assert caught.value.__cause__ is error


def test_an_error_without_a_message_is_named_by_its_type():
    with pytest.raises(ArtifactError, match="forged: AssertionError"), artifact_errors("x"):
        raise AssertionError


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_the_end_of_the_program_passes(error):
    with pytest.raises(error, match=r"^end$"), artifact_errors("x"):
        raise error("end")


def test_an_artifact_error_passes_unchanged():
    error = ArtifactError("inner.json is missing.")
    message = r"^inner\.json is missing\.$"
    with pytest.raises(ArtifactError, match=message) as caught, artifact_errors("outer.zip"):
        raise error
    assert caught.value is error


def test_a_missing_library_stays_an_import_error():
    message = "x needs a library that is not installed: no torch"
    with pytest.raises(ImportError, match=message), artifact_errors("x"):
        raise ImportError("no torch")
