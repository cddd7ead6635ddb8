"""Limits of a single request, and of all requests together."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of a service, which bound the memory and the time that clients can use.

    Parameters
    ----------
    max_body_bytes : int, default=1_000_000
        Size of a request's body; beyond it, 413.
    max_texts : int, default=256
        Texts per request; beyond it, 422.
    max_characters : int, default=20_000
        Characters per text; beyond it, 422.
    max_explained_texts : int, default=16
        Texts per request for an explanation; beyond it, 422.
    max_explained_characters : int, default=20_000
        Characters of all texts of such a request together, as explaining takes a model much longer
        than predicting; beyond it, 422.
    max_waiting_texts : int, default=2_048
        Texts that wait for a model in one process; beyond it, 429.
    max_seconds : float, default=10.0
        Time from the first byte of a request to its response; beyond it 503, or 408 if the body has
        not arrived.
    max_header_seconds : float, default=5.0
        Time from a connection, or from the last response on it, to the complete header of the next
        request; beyond it, `serve` closes the connection.
    max_connections : int, default=4_096
        Connections per process of `serve`, or fewer if the process may not open so many files.
        Beyond it, the connection that has waited longest for a request is closed; if none waits,
        the new one gets a 503.

    Raises
    ------
    ValueError
        If a limit is not above 0.

    Examples
    --------
    >>> from agnews_sk.serving import Limits
    >>> Limits(max_texts=16).max_texts
    16
    """

    max_body_bytes: int = 1_000_000
    max_texts: int = 256
    max_characters: int = 20_000
    max_explained_texts: int = 16
    max_explained_characters: int = 20_000
    max_waiting_texts: int = 2_048
    max_seconds: float = 10.0
    max_header_seconds: float = 5.0
    max_connections: int = 4_096

    def __post_init__(self) -> None:
        """Reject limits that would reject every request, NaN included."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be more than 0, got {value!r}.")
