"""The model card: what a saved model is, how good, and what may be done with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import agnews_sk

_TAGS = ("text-classification", "scikit-learn", "agnews_sk")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a model's README says beyond what the model itself tells.

    Parameters
    ----------
    data : str, optional
        What it was trained and tested on: source, split, number of rows.
    scores : mapping of str to float or (float, float, float), optional
        By name, each alone or with the low and the high end of its interval. A row of
        `ComparisonResult.scores` is taken as it is.
    limits : sequence of str, optional
        What the model is not for, beyond what is true of every model of the kind.
    weights_license : str, optional
        Licence of the pretrained weights, by its SPDX name.
    data_license : str, optional
        Licence or terms of the data.

    Examples
    --------
    >>> from agnews_sk.persistence import ModelCard
    >>> card = ModelCard(data="made-up stories", scores={"accuracy": (0.9, 0.87, 0.93)})
    >>> card.score_rows()
    ['| accuracy | 0.9000 | 0.8700 to 0.9300 |']
    """

    data: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[str] = ()
    weights_license: str = ""
    data_license: str = ""

    def score_rows(self) -> list[str]:
        """Return one row of a Markdown table a score.

        Returns
        -------
        list of str
        """
        scores = dict(self.scores)
        ends = {f"{name}_{end}" for name in scores for end in ("low", "high")}
        return [
            _score_row(name, value, scores)
            for name, value in scores.items()
            if name not in ends and _is_score(value)
        ]


def render_card(card: ModelCard, manifest: Mapping[str, Any], more: str = "") -> str:
    """Return the README of a saved model.

    Parameters
    ----------
    card : ModelCard
    manifest : mapping
        As `make_manifest` writes it.
    more : str, default=""
        A further section.

    Returns
    -------
    str
        Markdown with the head of YAML that the Hugging Face hub reads.
    """
    sections = [
        _head(card),
        f"# {manifest['estimator']}\n\nA text classifier saved by agnews_sk "
        f"{agnews_sk.__version__}. It answers one of these labels: {_labels(manifest)}.",
        f"## How it was trained\n\n{_training(manifest['training'])}",
        f"## Data\n\n{card.data or 'Not stated.'}\n\nLicence of the data: "
        f"{card.data_license or 'not stated'}.",
        f"## Scores\n\n{_scores(card)}",
        more,
        f"## Limits\n\n{_limits(card)}",
        f"## Licence of the weights\n\n{card.weights_license or 'Not stated.'}",
        f"## Use\n\n```python\n{_USE[manifest['kind']]}\n```\n\nThe files are checked against "
        "`manifest.json` and hold no pickle: loading them runs no code of theirs.",
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


_USE = {
    "pipeline": 'from agnews_sk.persistence import load\n\nload("FOLDER").predict(["a story"])',
    "onnx": "from agnews_sk.onnx import OnnxClassifier\n\n"
    'OnnxClassifier.from_path("FOLDER").predict(["a story"])',
}


def _head(card: ModelCard) -> str:
    # JSON strings are YAML strings.
    lines = ["library_name: agnews_sk", "pipeline_tag: text-classification"]
    if card.weights_license:
        lines.append(f"license: {json.dumps(card.weights_license.lower())}")
    lines += ["tags:", *(f"- {tag}" for tag in _TAGS)]
    return "\n".join(["---", *lines, "---"])


def _labels(manifest: Mapping[str, Any]) -> str:
    return (
        ", ".join(f"`{label}`" for label in manifest["classes"] or ())
        or "none, it is no classifier"
    )


def _training(training: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: `{value}`" for name, value in training.items())


def _scores(card: ModelCard) -> str:
    rows = card.score_rows()
    return (
        "\n".join(["| score | value | interval |", "|---|---|---|", *rows])
        if rows
        else "Not stated."
    )


def _limits(card: ModelCard) -> str:
    always = (
        "It answers one of its labels for every text, be the text of another kind, of another "
        "language, or empty.",
        "Its scores are those of texts like the ones it was tested on; news of other years and "
        "sources differ.",
    )
    return "\n".join(f"- {limit}" for limit in (*card.limits, *always))


def _is_score(value: Any) -> bool:
    return isinstance(value, (int, float, tuple, list)) and not isinstance(value, bool)


def _score_row(name: str, value: Any, scores: Mapping[str, Any]) -> str:
    low, high = scores.get(f"{name}_low"), scores.get(f"{name}_high")
    if isinstance(value, (tuple, list)):
        value, low, high = value
    interval = "" if low is None else f"{low:.4f} to {high:.4f}"
    return f"| {name} | {value:.4f} | {interval} |"
