"""How a file is to be read: what the caller says of it instead of leaving it to be detected."""

from dataclasses import dataclass

# A longer line or record is faulty, so that a quote that is never closed cannot fill the memory.
MAX_RECORD_BYTES = 2**20
_NAMED_SEPARATORS = {"\\t": "\t", "tab": "\t"}


@dataclass(frozen=True)
class ReadOptions:
    r"""What the caller says about the form of a file; None for what is to be detected.

    Parameters
    ----------
    sep : str, optional
        Separator of the fields of a text file: one character, or "\\t" or "tab" for a tab.
    encoding : str, optional
        Encoding of a text file, as Python names it.
    sheet : str, optional
        Name of the sheet of an Excel workbook.
    detects : bool, default=True
        Whether the form of a text file is detected; otherwise it is that of AG News: doubled
        quotes, UTF-8, and the separator that the ending of the name stands for.
    max_record_bytes : int, default=2**20
        A longer line or record is a fault.
    """

    sep: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    detects: bool = True
    max_record_bytes: int = MAX_RECORD_BYTES

    @property
    def assumed_encoding(self) -> str | None:
        """Return the encoding that is not detected, because it is given or that of AG News."""
        return self.encoding or (None if self.detects else "utf-8")

    def __post_init__(self) -> None:
        """Check the separator and the encoding."""
        if self.sep is not None:
            sep = _NAMED_SEPARATORS.get(self.sep, self.sep)
            if len(sep) != 1 or sep in '\r\n"':
                raise ValueError(
                    f'sep must be one character, or "tab", and no quote or line end, got {sep!r}.'
                )
            object.__setattr__(self, "sep", sep)
        if self.encoding is not None:
            _check_encoding(self.encoding)


def _check_encoding(encoding: str) -> None:
    """Raise a ValueError unless Python has an encoding of text by this name.

    Parameters
    ----------
    encoding : str
    """
    try:
        b"a".decode(encoding)
    except UnicodeDecodeError:  # one byte is too few for UTF-16
        return
    except (LookupError, ValueError) as error:  # a name with a NUL is a ValueError
        raise ValueError(
            f"encoding must be one that Python knows, such as utf-8, cp1252 or gb18030, got "
            f"{encoding!r}."
        ) from error
