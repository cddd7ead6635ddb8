"""How much one request, and all of them together, may ask for."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a service.

    Parameters
    ----------
    body_bytes : int, default=1_000_000
        Of a request's body; beyond it, 413.
    texts : int, default=256
        Texts of a request; beyond it, 422.
    characters : int, default=20_000
        Of a text; beyond it, 422.
    explained_texts : int, default=16
        Texts of a request that asks for words; beyond it, 422.
    explained_characters : int, default=20_000
        Of all texts of such a request together, for words take the model long; beyond it, 422.
    waiting_texts : int, default=2_048
        Texts that wait for a model in one process; beyond it, 429.
    seconds : float, default=10.0
        From the first byte of a request to its answer; beyond it 503, or 408 if the body has not
        come.
    header_seconds : float, default=5.0
        From a connection, or the last answer on it, to the whole head of a request; beyond it,
        `serve` closes the connection.
    connections : int, default=4_096
        Connections of one process of `serve`, or as many as it may open files; beyond it, the one
        that has waited longest for a request is closed, or if all are being answered the new one
        gets a 503.

    Examples
    --------
    >>> from agnews_sk.serving import Limits
    >>> Limits(texts=16).texts
    16
    """

    body_bytes: int = 1_000_000
    texts: int = 256
    characters: int = 20_000
    explained_texts: int = 16
    explained_characters: int = 20_000
    waiting_texts: int = 2_048
    seconds: float = 10.0
    header_seconds: float = 5.0
    connections: int = 4_096

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be more than 0, got {value!r}.")
