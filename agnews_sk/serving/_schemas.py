"""Requests and responses, as the OpenAPI document describes them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

_Value = bool | int | float | str | None
_DESCRIPTIONS = {
    "number": "A number; null if it is unknown.",
    "boolean": "true or false; null if it is unknown.",
    "category": "A category; null if it is unknown.",
    "date": "A date or time in ISO 8601; null if it is unknown.",
}
_EXAMPLES: dict[str, Any] = {
    "number": 9.5,
    "boolean": True,
    "category": "a category",
    "date": "2026-11-27",
}
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


def request_model(
    columns: Sequence[str], kinds: Mapping[str, str] | None = None
) -> type[PredictRequest]:
    """Return the model of requests to a service whose models take rows with these columns.

    Parameters
    ----------
    columns : sequence of str
        Names of any form. A column named like another field, such as "model", is a cell within
        `texts` only.
    kinds : mapping of str to str, optional
        Kind of those whose cells may be numbers or truth values; "" if models differ in it.

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
    kinds = kinds or {}
    cells: dict[str, Any] = {
        name: (
            _Value if name in kinds else str | None,
            Field(None, alias=name, description=_DESCRIPTIONS.get(kinds.get(name, ""))),
        )
        for name in columns
    }
    row = create_model("Row", __base__=Row, __module__=__name__, **_numbered(cells))
    texts = Annotated[list[str | row], Field(min_length=1, fail_fast=True)] | None  # type: ignore[valid-type]
    beside = {name: cell for name, cell in cells.items() if name not in PredictRequest.model_fields}
    request = create_model(
        "PredictRequest",
        __base__=PredictRequest,
        __module__=__name__,
        __cls_kwargs__={"json_schema_extra": {"examples": _examples(columns, kinds)}},
        texts=(texts, Field(None, description="Many texts, or rows with cells by column.")),
        **_numbered(beside),
    )
    request.columns = tuple(columns)
    request.values = frozenset(kinds)
    return request


def _numbered(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of cells under names that Python allows; their aliases are the columns."""
    return {f"cell_{i}": cell for i, cell in enumerate(cells.values())}


def _examples(columns: Sequence[str], kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return requests of each kind for rows with these columns."""
    row = {
        c: _EXAMPLES.get(kinds[c]) if c in kinds else f"A text of the column {c}." for c in columns
    }
    alone = [] if _NO_CELLS.intersection(columns) else [row]
    if kinds:  # a text without these columns is rejected
        return [{"texts": [row], "explain": True}, *alone]
    return [{"text": _TEXT}, {"texts": [_TEXT, row], "explain": True}, *alone]


def _listed(columns: Sequence[str]) -> str:
    """Return columns as a message shows them."""
    return ", ".join(map(repr, columns))


class Word(BaseModel):
    """A word of the prepared text, or the cell of a column, and its contribution to a label."""

    word: str = Field(description="The word; of a column beside texts, such as 'amount = 9'.")
    start: int = Field(description="First character in `prepared`; -1 if it is not in the text.")
    end: int
    contribution: float


class Prediction(BaseModel):
    """The prediction for one text."""

    label: Any = Field(description="The most probable label.", examples=[_LABEL])
    probabilities: dict[str, float] = Field(examples=[{_LABEL: 0.9, "billing": 0.1}])
    prepared: str | None = Field(None, description="The text as the model read it; with explain.")
    words: list[Word] | None = Field(None, description="With explain.")


class SetPrediction(BaseModel):
    """The prediction of a model of several labels for one text."""

    labels: list[Any] = Field(
        description="The labels whose probabilities reach their thresholds.", examples=[[_LABEL]]
    )
    probabilities: dict[str, float] = Field(
        description="Of each label on its own; they need not add up to 1.",
        examples=[{_LABEL: 0.9, "billing": 0.1}],
    )
    above_threshold: dict[str, bool] = Field(
        description="Whether the probability of each label reaches its threshold.",
        examples=[{_LABEL: True, "billing": False}],
    )
    prepared: str | None = Field(None, description="The text as the model read it; with explain.")
    words_by_label: dict[str, list[Word]] | None = Field(
        None, description="For each of `labels`, or the most probable label; with explain."
    )


class _Response(BaseModel):
    """What all responses to requests for predictions have."""

    model: str
    notice: str | None = Field(
        None, description="Why there are no words although they were requested."
    )


class PredictResponse(_Response):
    """One prediction per text, in the order of the request."""

    predictions: list[Prediction]


class SetsResponse(_Response):
    """One set of labels per text, in the order of the request."""

    predictions: list[SetPrediction]


def response_model(several: Collection[bool]) -> Any:
    """Return the model of responses of a service.

    Parameters
    ----------
    several : collection of bool
        Whether each model predicts several labels per text.

    Returns
    -------
    type or union of types
    """
    if not any(several):
        return PredictResponse
    return SetsResponse if all(several) else PredictResponse | SetsResponse


class ColumnBeside(BaseModel):
    """A column that a model uses beside texts."""

    name: str
    kind: str = Field(description="number, boolean, category or date.", examples=["number"])
    values: list[str] = Field(
        description="Frequent values of a category; others are allowed too.",
        examples=[["DE", "FR"]],
    )
    has_time: bool = Field(description="Whether a date has a time of day.")


class ModelLabels(BaseModel):
    """A loaded model, its labels in the order of its probabilities, and its columns."""

    name: str
    labels: list[Any]
    thresholds: dict[str, float] | None = Field(
        description="Of each label, if the model predicts several per text; otherwise null."
    )
    columns: list[str] = Field(
        description="Columns of a row, as they are joined; empty if it was trained on texts."
    )
    columns_beside: list[ColumnBeside] = Field(
        description="Those of `columns` that are not texts; a row must have all of them."
    )


class LabelsResponse(BaseModel):
    """The loaded models; the first one is used by default."""

    models: list[ModelLabels]


class SamplesResponse(BaseModel):
    """Samples to try the models on."""

    samples: list[str | dict[str, Any]] = Field(
        description="Texts, or rows with cells by column.", examples=[[_TEXT]]
    )


class Status(BaseModel):
    """The state of the service."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """The reason for which a request was rejected."""

    detail: Any = Field(examples=["there are 300 texts, at most 256 are allowed."])
