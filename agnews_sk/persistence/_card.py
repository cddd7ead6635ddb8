"""The model card: README.md of a saved model, with its data, scores, limitations and licences."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agnews_sk import __version__

_TAGS = ("text-classification", "scikit-learn", "agnews_sk")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Content of the README.md of a saved model that the model itself does not have.

    Parameters
    ----------
    data : str, optional
        Training and test data: source, columns, split, number of rows.
    scores : mapping of str to float or (float, float, float), optional
        Scores by name: a value alone, or with the bounds of its interval. A row of
        `ComparisonResult.scores` can be given as it is: `x_low` and `x_high` are the bounds of `x`.
    evaluation : str, optional
        How the scores were measured: on which rows, with which intervals.
    limitations : sequence of str, optional
        What the model should not be used for, beyond what is true of every text classifier.
    weights_license : str, optional
        SPDX identifier of the licence of the pretrained weights.
    data_license : str, optional
        Licence or terms of use of the data.
    label_name : str or sequence of str, optional
        Column of the labels in the data, or columns of 0 and 1, by which other rows for the model
        can be read too.
    label_sep : str, optional
        What separates several labels in a cell of that column.

    Examples
    --------
    >>> from agnews_sk.persistence import ModelCard
    >>> card = ModelCard(data="made-up messages", scores={"accuracy": (0.9, 0.87, 0.93)})
    >>> card.score_rows()
    ['| accuracy | 0.9000 | 0.8700 to 0.9300 |']
    """

    data: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    evaluation: str = ""
    limitations: Sequence[str] = ()
    weights_license: str = ""
    data_license: str = ""
    label_name: str | Sequence[str] = ""
    label_sep: str = ""

    def score_rows(self) -> list[str]:
        """Return the scores as rows of a Markdown table: name, value, interval.

        Returns
        -------
        list of str
            Entries that are neither numbers nor tuples are left out.
        """
        scores = dict(self.scores)
        ends = {f"{name}_{end}" for name in scores for end in ("low", "high")}
        return [
            _score_row(name, value, scores)
            for name, value in scores.items()
            if name not in ends and _is_score(value)
        ]


def render_card(card: ModelCard, manifest: Mapping[str, Any], more: str = "") -> str:
    """Return the README.md of a saved model.

    Parameters
    ----------
    card : ModelCard
    manifest : mapping
        Entries of the manifest, as `make_manifest` takes them, and `kind`; `column_kinds` and
        `multilabel` of a model that has columns beside texts, or several labels per row.
    more : str, default=""
        A further section, placed after the scores.

    Returns
    -------
    str
        Markdown with a YAML header that the Hugging Face Hub reads.
    """
    sections = [
        _head(card),
        f"# {manifest['estimator']}\n\nA text classifier saved by agnews_sk "
        f"{__version__}. {_predicts(manifest)} {_labels(manifest)}.",
        _input(manifest),
        f"## How it was trained\n\n{_training(manifest['training'])}",
        f"## Data\n\n{card.data or 'Not stated.'}\n\nLicence of the data: "
        f"{card.data_license or 'not stated'}.",
        f"## Scores\n\n{_scores(card)}",
        more,
        f"## Limitations\n\n{_limitations(card, manifest)}",
        f"## Licence of the weights\n\n{card.weights_license or 'Not stated.'}",
        f"## Use\n\n```python\n{_use(manifest)}\n```\n\n`agnews-sk serve FOLDER` serves it over "
        "HTTP, with a web page; `agnews-sk predict FOLDER` predicts files.\n\nThe files are "
        "checked against `manifest.json` and hold no pickle: loading them runs no code from them.",
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


_CELLS = {"number": 9.5, "boolean": True, "category": "a category", "date": "2026-11-27"}
_USE = {
    "pipeline": ("from agnews_sk.persistence import load", "load"),
    "onnx": ("from agnews_sk.onnx import OnnxClassifier", "OnnxClassifier.from_path"),
}


def _use(manifest: Mapping[str, Any]) -> str:
    """Return code that loads the model and predicts a text, or a row if it has columns."""
    imported, load = _USE[manifest["kind"]]
    columns, kinds = manifest.get("columns") or (), manifest.get("column_kinds") or {}
    if not kinds and len(columns) < 2:
        return f'{imported}\n\n{load}("FOLDER").predict(["a text"])'
    texts: dict[str, list[Any]] = {column: ["a text"] for column in columns}
    row = texts | {column: [_CELLS[kind]] for column, kind in kinds.items()}
    return (
        f"import pandas as pd\n\n{imported}\n\nrows = pd.DataFrame({row!r})\n"
        f'{load}("FOLDER").predict(rows)'
    )


def _input(manifest: Mapping[str, Any]) -> str:
    """Return what the model reads: the columns that it was trained on, or texts."""
    columns = [f"`{column}`" for column in manifest.get("columns") or ()]
    kinds = manifest.get("column_kinds") or {}
    if kinds:
        beside = ", ".join(f"`{column}` ({kind})" for column, kind in kinds.items())
        return (
            f"It reads a table: the texts of {', '.join(columns)}, joined in this order, and "
            f"beside them {beside}, whose cells may be missing."
        )
    if not columns:
        return "It reads texts."
    if len(columns) == 1:
        return f"It reads texts, or the column {columns[0]} of a table."
    return f"It reads texts, or the columns {', '.join(columns)} of a table, joined in this order."


def _head(card: ModelCard) -> str:
    """Return the YAML header: library, task, licence and tags as the Hub names them."""
    # JSON strings are YAML strings.
    lines = ["library_name: agnews_sk", "pipeline_tag: text-classification"]
    if card.weights_license:
        lines.append(f"license: {json.dumps(card.weights_license.lower())}")
    lines += ["tags:", *(f"- {tag}" for tag in _TAGS)]
    return "\n".join(["---", *lines, "---"])


def _predicts(manifest: Mapping[str, Any]) -> str:
    """Return how many labels the model predicts for a text, up to their list."""
    if manifest.get("multilabel"):
        return "It predicts those of these labels whose probabilities reach their thresholds:"
    return "It predicts one of these labels:"


def _labels(manifest: Mapping[str, Any]) -> str:
    """Return the class labels for a sentence; estimators without classes have none."""
    return (
        ", ".join(f"`{label}`" for label in manifest["classes"] or ())
        or "none, as it is not a classifier"
    )


def _training(training: Mapping[str, Any]) -> str:
    """Return a list of the steps with their parameters, and of the epochs of a network."""
    return "\n".join(f"- {name}: `{value}`" for name, value in training.items())


def _scores(card: ModelCard) -> str:
    """Return how the scores were measured and their table, or a note that none was stated."""
    rows = card.score_rows()
    if not rows:
        return card.evaluation or "Not stated."
    table = "\n".join(["| score | value | interval |", "|---|---|---|", *rows])
    return "\n\n".join(filter(None, [card.evaluation, table]))


def _limitations(card: ModelCard, manifest: Mapping[str, Any]) -> str:
    """Return the list of limitations: those of the card, then those of every text classifier."""
    several = manifest.get("multilabel")
    what = "It may predict labels" if several else "It predicts one of its labels"
    always = (
        f"{what} for every text, even for an empty text and for texts of another kind or language.",
        "Its scores hold for texts like its test data; expect others on texts of other years and "
        "sources.",
    )
    return "\n".join(f"- {limitation}" for limitation in (*card.limitations, *always))


def _is_score(value: Any) -> bool:
    """Return whether a cell of a result's row is a score, not a name or a flag."""
    return isinstance(value, (int, float, tuple, list)) and not isinstance(value, bool)


def _score_row(name: str, value: Any, scores: Mapping[str, Any]) -> str:
    """Return one row of the table; the interval is that of a tuple, or of `_low` and `_high`."""
    low, high = scores.get(f"{name}_low"), scores.get(f"{name}_high")
    if isinstance(value, (tuple, list)):
        value, low, high = value
    interval = "" if low is None else f"{low:.4f} to {high:.4f}"
    return f"| {name} | {value:.4f} | {interval} |"
