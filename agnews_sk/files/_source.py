"""The bytes of a file, decompressed and checked, and the encoding of its text."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

# What shows the encoding and the kind of a file.
_HEAD_BYTES = 2**16
# Enough to tell encodings apart, few enough to take a second.
_BYTES_TO_GUESS_FROM = 2**15
_BYTES_TO_SEARCH = 2**24
_LINE_END = re.compile(r"\r\n|\r|\n")
# What people save files in. Among all encodings, rare ones would often look as likely.
_LIKELY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "koi8_r",
)  # fmt: skip

NOT_UNICODE = "bytes or escapes that are not Unicode text"
# Fewer bytes that are not UTF-8 may be damage of a file that is.
_FEWEST_OTHER_BYTES = 3

_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)


def _open_zstd(path: Path) -> Any:
    """Open a file that is compressed with Zstandard."""
    return pa.input_stream(str(path), compression="zstd")


def _open_zip(path: Path) -> Any:
    """Open the only file in a zip archive; the archive is closed with it."""
    name = _only_member(path)
    with zipfile.ZipFile(path) as archive:
        return archive.open(name)


COMPRESSIONS: Mapping[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _open_zstd,
    ".zip": _open_zip,
}


def _only_member(path: Path) -> str:
    """Return the name of the only file in a zip archive, or raise a ValueError.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is no archive, or does not hold exactly one file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_file(name)]
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not a readable zip archive: {error}.") from error
    if len(names) != 1:
        raise ValueError(
            f"{path} must hold one file, got {len(names)}: {', '.join(names):.300}; extract it, "
            "and name the files."
        )
    return names[0]


def _is_file(name: str) -> bool:
    """Return whether a member of an archive is a file that a person put there."""
    is_hidden = name.startswith("__MACOSX/") or Path(name).name.startswith(".")
    return not name.endswith("/") and not is_hidden


def format_of(path: Path) -> str:
    """Return the ending of the content of a file: ".csv" for rows.csv and for rows.CSV.gz.

    That of a zip archive is the ending of the only file in it.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        In lower case; empty without one.
    """
    ending = path.suffix.lower()
    if ending == ".zip":
        return Path(_only_member(path)).suffix.lower()
    return Path(path.stem).suffix.lower() if ending in COMPRESSIONS else ending


def is_compressed(path: Path) -> bool:
    """Return whether the ending of a file's name is that of a compression."""
    return path.suffix.lower() in COMPRESSIONS


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed if its name says that it is compressed.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    binary file

    Raises
    ------
    ValueError
        If compressed data are damaged, also while they are read.
    """
    if not is_compressed(path):
        with path.open("rb") as file:
            yield file
        return
    with path.open("rb"):
        pass  # a missing file is not a damaged one
    try:
        with COMPRESSIONS[path.suffix.lower()](path) as file:
            yield file
    except _DAMAGED as error:
        raise ValueError(f"{path} cannot be decompressed: {error}.") from error


def seekable(path: Path) -> str | io.BytesIO:
    """Return what a reader can open that jumps within a file: its path, or its decompressed bytes.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str or io.BytesIO
    """
    check_kind(path, read_head(path), is_text=False)
    if not is_compressed(path):
        return str(path)
    with open_bytes(path) as file:
        return io.BytesIO(file.read())


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    bytes
    """
    with open_bytes(path) as file:
        return file.read(_HEAD_BYTES)


# What files are that have another ending than they should, by their first bytes.
_SIGNATURES = {
    b"\x1f\x8b": "compressed with gzip; let its name end with .gz",
    b"BZh91AY&SY": "compressed with bzip2; let its name end with .bz2",
    b"\xfd7zXZ\x00": "compressed with xz; let its name end with .xz",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard; let its name end with .zst",
    b"PK\x03\x04": "a zip archive or an Excel workbook; let its name end with .zip or .xlsx",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel workbook; let its name end with .xls",
    b"PAR1": "a Parquet file; let its name end with .parquet",
    b"ARROW1": "an Arrow file; let its name end with .arrow",
    b"%PDF-": "a PDF document; export its table as CSV",
}
_POINTER = b"version https://git-lfs.github.com/spec/"
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<table", b"<?xml")


def check_kind(path: Path, head: bytes, *, is_text: bool = True) -> None:
    """Reject a file that is something else than its name says.

    Parameters
    ----------
    path : pathlib.Path
    head : bytes
        Its first bytes.
    is_text : bool, default=True
        Whether its format is text.

    Raises
    ------
    ValueError
        If it is a Git LFS pointer, a web page or, in place of a text, of a binary format.
    """
    if head.startswith(_POINTER):
        raise ValueError(
            f"{path} is a Git LFS pointer and not the file itself; fetch that with `git lfs pull`."
        )
    begin = head.removeprefix(codecs.BOM_UTF8)[:512].lstrip().lower()
    if begin.startswith(_PAGES):
        raise ValueError(
            f"{path} is a web page (HTML or XML) and holds no rows; download the file itself."
        )
    if is_text:
        for signature, what in _SIGNATURES.items():
            if head.startswith(signature):
                raise ValueError(f"{path} is {what}.")


_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def detect_encoding(head: bytes) -> str:
    """Return the encoding that the first bytes of a file show: UTF-16 or UTF-32, else UTF-8.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    str
        A codec that leaves out a byte order mark.
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    return _utf16_without_mark(head) or "utf-8"


def _utf16_without_mark(head: bytes) -> str | None:
    """Return the UTF-16 codec under which the bytes are text; None if they are no UTF-16.

    A line end or other ASCII character has a zero byte after or before it, and in no other
    encoding are as many bytes zero on one side only.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    {"utf-16-le", "utf-16-be"} or None
    """
    after, before = head[1::2].count(0), head[::2].count(0)
    most, fewest = max(after, before), min(after, before)
    if most < max(2, len(head) // 50) or fewest > most // 20:
        return None
    encoding = "utf-16-le" if after > before else "utf-16-be"
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None
    return encoding


def codec_for(head: bytes, encoding: str | None) -> str:
    """Return the codec with which to read a file, which leaves out a byte order mark.

    Parameters
    ----------
    head : bytes
        First bytes of the file.
    encoding : str or None
        What the caller says it is; None to detect it.

    Returns
    -------
    str
    """
    found = detect_encoding(head)
    if encoding is None:
        return found
    asked = codecs.lookup(encoding).name
    is_marked = found in _MARKS.values()
    return found if is_marked and asked.startswith(found.removesuffix("-sig")) else asked


def likely_encoding(path: Path) -> str | None:
    """Return the encoding in which a file that is not UTF-8 may be.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str or None
        None if no encoding is likely.
    """
    from charset_normalizer import from_bytes

    with open_bytes(path) as file:
        lines = file.read(_BYTES_TO_SEARCH).splitlines(keepends=True)
    telling = b"".join(line for line in lines if not _is_utf8(line))[:_BYTES_TO_GUESS_FROM]
    best = from_bytes(telling, cp_isolation=list(_LIKELY)).best()
    if best is None or not telling:
        return None
    text = str(best)
    return next((one for one in _LIKELY if telling.decode(one, "replace") == text), best.encoding)


def _is_utf8(line: bytes) -> bool:
    """Return whether a line can be decoded as UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def why_not_utf8(path: Path) -> str:
    """Return why bytes of a file cannot be read, with the encoding to try.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
    """
    likely = likely_encoding(path)
    if likely is None:
        return NOT_UNICODE
    return (
        f"{NOT_UNICODE} in UTF-8; the file looks like {likely}: pass encoding={likely!r} "
        f"(--encoding {likely}) if it is"
    )


def check_utf8(path: Path, head: bytes) -> None:
    """Reject a file in another encoding, of which otherwise only the rows in ASCII would be read.

    Parameters
    ----------
    path : pathlib.Path
    head : bytes
        First bytes of the file.

    Raises
    ------
    ValueError
        If several of them are no UTF-8, and more than are; names the first line and the encoding
        to try.
    """
    if head.isascii():
        return
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    other = [i for i, character in enumerate(text) if "\udc80" <= character <= "\udcff"]
    n_decoded = sum(not character.isascii() for character in text) - len(other)
    if len(other) >= max(_FEWEST_OTHER_BYTES, n_decoded):
        line = 1 + len(_LINE_END.findall(text, 0, other[0]))
        raise ValueError(f"{path}, line {line}: {why_not_utf8(path)}.")
