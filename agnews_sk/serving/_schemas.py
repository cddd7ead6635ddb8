"""Requests and responses, as the OpenAPI document describes them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

_OIL = "Oil prices rise to a record"
_CUP: dict[str, Any] = {"title": "Cup final tonight", "description": "The coach names his team."}


class Story(BaseModel):
    """A story with a title and a description, joined as in training."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _has_a_cell(self) -> "Story":
        """Reject a story without any cell."""
        if self.title is None and self.description is None:
            raise ValueError("a story needs a title or a description.")
        return self


class PredictRequest(BaseModel):
    """Exactly one of `text`, `texts`, or `title` and `description`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": _OIL}, {"texts": [_OIL, _CUP], "explain": True}, _CUP]
        },
    )

    text: str | None = Field(None, description="One text.")
    # The first invalid item rejects the request: a long list of them would make a long response.
    texts: Annotated[list[str | Story], Field(min_length=1, fail_fast=True)] | None = Field(
        None, description="Many texts, or stories of a title and a description."
    )
    title: str | None = None
    description: str | None = None
    model: str | None = Field(None, description="Name of a loaded model; by default the first.")
    explain: bool = Field(False, description="Also return the words that explain the prediction.")

    @model_validator(mode="after")
    def _has_one_input(self) -> "PredictRequest":
        """Reject requests with no input, or with two kinds of it."""
        story = self.title is not None or self.description is not None
        if (self.text is not None) + (self.texts is not None) + story != 1:
            raise ValueError("pass exactly one of text, texts, or title and description.")
        return self

    def stories(self) -> list[str | dict[str, str | None]]:
        """Return the texts and stories of a request, in order.

        Returns
        -------
        list of (str or dict)
            A text, or the cells of a story by column.
        """
        if self.text is not None:
            return [self.text]
        if self.texts is not None:
            return [one if isinstance(one, str) else one.model_dump() for one in self.texts]
        return [{"title": self.title, "description": self.description}]


class Word(BaseModel):
    """A word of the prepared text, and its contribution to the predicted label."""

    word: str
    start: int = Field(description="First character in `prepared`; -1 if it is not found.")
    end: int
    contribution: float


class Prediction(BaseModel):
    """The prediction for one text."""

    label: Any = Field(description="The most probable label.", examples=["Business"])
    probabilities: dict[str, float] = Field(examples=[{"Business": 0.9, "Sports": 0.1}])
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
    """A loaded model and its labels, in the order of its probabilities."""

    name: str
    labels: list[Any]


class LabelsResponse(BaseModel):
    """The loaded models; the first one is used by default."""

    models: list[ModelLabels]


class Status(BaseModel):
    """The state of the service."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """The reason for which a request was rejected."""

    detail: Any = Field(examples=["there are 300 texts, at most 256 are allowed."])
