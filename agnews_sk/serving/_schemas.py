"""Requests and responses, as the OpenAPI document describes them."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

_Value = bool | int | float | str | None
_TEXT = "The parcel arrived two weeks late."
_LABEL = "delivery"
# Fields of a request that are neither a text nor the cell of a column.
_NO_CELLS = {"texts", "model", "explain"}


class Row(BaseModel):
    """The cells of a row by column, joined as in training."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _has_a_cell(self) -> Self:
        """Reject a row without any cell."""
        if not self.model_dump(exclude_none=True):
            columns = [str(field.alias) for field in type(self).model_fields.values()]
            raise ValueError(f"a row needs a cell of {_listed(columns)}.")
        return self

    def cells(self) -> dict[str, str | None]:
        """Return the cells that were given, by column."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class PredictRequest(BaseModel):
    """Exactly one of `text`, `texts`, or the cells of a row by column."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": _TEXT}, {"texts": [_TEXT], "explain": True}]},
    )
    columns: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[frozenset[str]] = frozenset()

    text: str | None = Field(None, description="One text.")
    # The first invalid item rejects the request: a long list of them would make a long response.
    texts: Annotated[list[str], Field(min_length=1, fail_fast=True)] | None = Field(
        None, description="Many texts."
    )
    model: str | None = Field(None, description="Name of a loaded model; by default the first.")
    explain: bool = Field(False, description="Also return the words that explain the prediction.")

    @model_validator(mode="after")
    def _has_one_input(self) -> Self:
        """Reject requests with no input, or with two kinds of it."""
        given = self._cells()
        mixed = "text" in given and len(given) > 1 and "text" not in self.columns
        if mixed or (self.texts is not None) + bool(given) != 1:
            row = f", or the cells of {_listed(self.columns)}" if self.columns else ""
            raise ValueError(f"pass exactly one of text{',' if row else ' and'} texts{row}.")
        return self

    def rows(self) -> list[str | dict[str, str | None]]:
        """Return the texts and rows of a request, in order.

        Returns
        -------
        list of (str or dict)
            A text, or cells by column.
        """
        if self.texts is not None:
            return [one.cells() if isinstance(one, Row) else one for one in self.texts]
        given = self._cells()
        return [given["text"] if set(given) == {"text"} else given]

    def _cells(self) -> dict[str, Any]:
        """Return the text or the cells that were given beside the other fields."""
        given = self.model_dump(by_alias=True, exclude_unset=True, exclude=_NO_CELLS)
        return {k: cell for k, cell in given.items() if cell is not None or k in self.values}


def request_model(columns: Sequence[str], values: Collection[str] = ()) -> type[PredictRequest]:
    """Return the model of requests to a service whose models take rows with these columns.

    Parameters
    ----------
    columns : sequence of str
        Names of any form. A column named like another field, such as "model", is a cell within
        `texts` only.
    values : collection of str
        Those whose cells may be numbers or truth values.

    Returns
    -------
    type
        A subclass of `PredictRequest`.

    Examples
    --------
    >>> from agnews_sk.serving._schemas import request_model
    >>> request_model(["subject", "body"])(subject="Parcel", body="It is late.").rows()
    [{'subject': 'Parcel', 'body': 'It is late.'}]
    """
    if not columns:
        return PredictRequest
    cells: dict[str, Any] = {
        name: (_Value if name in values else str | None, Field(None, alias=name))
        for name in columns
    }
    row = create_model("Row", __base__=Row, __module__=__name__, **_numbered(cells))
    texts = Annotated[list[str | row], Field(min_length=1, fail_fast=True)] | None  # type: ignore[valid-type]
    beside = {name: cell for name, cell in cells.items() if name not in PredictRequest.model_fields}
    request = create_model(
        "PredictRequest",
        __base__=PredictRequest,
        __module__=__name__,
        __cls_kwargs__={"json_schema_extra": {"examples": _examples(columns, values)}},
        texts=(texts, Field(None, description="Many texts, or rows with cells by column.")),
        **_numbered(beside),
    )
    request.columns = tuple(columns)
    request.values = frozenset(values)
    return request


def _numbered(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of cells under names that Python allows; their aliases are the columns."""
    return {f"cell_{i}": cell for i, cell in enumerate(cells.values())}


def _examples(columns: Sequence[str], values: Collection[str]) -> list[dict[str, Any]]:
    """Return requests of each kind for rows with these columns."""
    row = {c: None if c in values else f"A text of the column {c}." for c in columns}
    alone = [] if _NO_CELLS.intersection(columns) else [row]
    return [{"text": _TEXT}, {"texts": [_TEXT, row], "explain": True}, *alone]


def _listed(columns: Sequence[str]) -> str:
    """Return columns as a message shows them."""
    return ", ".join(map(repr, columns))


class Word(BaseModel):
    """A word of the prepared text, and its contribution to the predicted label."""

    word: str
    start: int = Field(description="First character in `prepared`; -1 if it is not found.")
    end: int
    contribution: float


class Prediction(BaseModel):
    """The prediction for one text."""

    label: Any = Field(description="The most probable label.", examples=[_LABEL])
    probabilities: dict[str, float] = Field(examples=[{_LABEL: 0.9, "billing": 0.1}])
    prepared: str | None = Field(None, description="The text as the model read it; with explain.")
    words: list[Word] | None = Field(None, description="With explain.")


class PredictResponse(BaseModel):
    """One prediction per text, in the order of the request."""

    model: str
    predictions: list[Prediction]
    notice: str | None = Field(
        None, description="Why there are no words although they were requested."
    )


class ModelLabels(BaseModel):
    """A loaded model, its labels in the order of its probabilities, and its columns."""

    name: str
    labels: list[Any]
    columns: list[str] = Field(
        description="Columns of a row, as they are joined; empty if it was trained on texts."
    )


class LabelsResponse(BaseModel):
    """The loaded models; the first one is used by default."""

    models: list[ModelLabels]


class Status(BaseModel):
    """The state of the service."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """The reason for which a request was rejected."""

    detail: Any = Field(examples=["there are 300 texts, at most 256 are allowed."])
