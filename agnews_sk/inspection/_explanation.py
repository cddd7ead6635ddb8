"""The contribution of each word, as a frame and as coloured text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agnews_sk._core.html_page import fragment_page
from agnews_sk.inspection._html import render
from agnews_sk.inspection._words import Attribution

# Start and end of a feature that is not in the text.
NOT_IN_TEXT = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """Contributions of the words of texts to the score of each class.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per text, class and word: `text` (position), `class`, `word`, `start` and `end`
        (character offsets in the prepared text), `contribution`. A feature that is not in the text
        has `start` and `end` -1.
    texts : ndarray of object of shape (n_texts,)
        As the pipeline prepared them: joined and cleaned. `start` and `end` refer to these.
    scores : pandas.DataFrame of shape (n_texts, n_classes)
        The scores that are explained: the decision function (for two classes, its negative and
        itself), or logarithms of probabilities if the classifier has none.
    baseline : pandas.DataFrame of shape (n_texts, n_classes)
        The scores without any word.
    error : ndarray of float of shape (n_texts,)
        Completeness error: the largest difference between the score and the sum of baseline and
        contributions, relative to the largest difference between a score and its baseline.
    method : {"linear", "gradients", "occlusion"}
        Of a cascade, those of its classifiers, with commas.
    predicted : ndarray of bool of shape (n_texts, n_classes) or None
        With several labels per row, which are predicted; None with one label per row.
    answered_by : ndarray of str of shape (n_texts,) or None
        Of a cascade, the name of the classifier that answers each text, whose scores are explained.

    See Also
    --------
    explain : Computes it.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from agnews_sk.inspection import explain
    >>> pipeline = make_pipeline(CountVectorizer(), LogisticRegression())
    >>> pipeline = pipeline.fit(["oil rises", "team wins"], ["Business", "Sports"])
    >>> explanation = explain(pipeline, ["Oil wins oil"])
    >>> explanation.of(0, "Business").round(2)
       start  end  word  contribution
    0      0    3   Oil          0.34
    1      4    8  wins         -0.34
    2      9   12   oil          0.34
    """

    frame: pd.DataFrame
    texts: np.ndarray
    scores: pd.DataFrame
    baseline: pd.DataFrame
    error: np.ndarray
    method: str
    predicted: np.ndarray | None = None
    answered_by: np.ndarray | None = None

    @classmethod
    def from_attributions(
        cls,
        texts: np.ndarray,
        classes: np.ndarray,
        attributions: list[Attribution],
        method: str,
        *,
        predicted: np.ndarray | None = None,
    ) -> "Explanation":
        """Collect the contributions in each text in one frame.

        Parameters
        ----------
        texts : ndarray of object of shape (n_texts,)
        classes : ndarray of shape (n_classes,)
        attributions : list of Attribution
        method : str
        predicted : ndarray of bool of shape (n_texts, n_classes), optional
            With several labels per row.

        Returns
        -------
        Explanation
        """
        parts = [_rows(i, classes, found) for i, found in enumerate(attributions)]
        scores, baseline = (
            pd.DataFrame([getattr(found, name) for found in attributions], columns=classes)
            for name in ("scores", "baseline")
        )
        return cls(
            frame=pd.concat(parts, ignore_index=True),
            texts=texts,
            scores=scores,
            baseline=baseline,
            error=np.array([found.error for found in attributions]),
            method=method,
            predicted=predicted,
        )

    @classmethod
    def merged(
        cls, parts: list[tuple[np.ndarray, "Explanation"]], answered_by: np.ndarray
    ) -> "Explanation":
        """Put explanations of some of the texts each into their order.

        Parameters
        ----------
        parts : list of (ndarray of int of shape (n_part,), Explanation)
            Positions of the texts of each; together every position once.
        answered_by : ndarray of str of shape (n_texts,)

        Returns
        -------
        Explanation
        """
        order = np.argsort(np.concatenate([positions for positions, _ in parts]))
        found = [explanation for _, explanation in parts]
        frame = pd.concat(
            [one.frame.assign(text=positions[one.frame["text"]]) for positions, one in parts]
        )
        scores, baseline = (
            pd.concat([getattr(one, name) for one in found]).iloc[order].reset_index(drop=True)
            for name in ("scores", "baseline")
        )
        return cls(
            frame=frame.sort_values("text", kind="stable", ignore_index=True),
            texts=np.concatenate([one.texts for one in found])[order],
            scores=scores,
            baseline=baseline,
            error=np.concatenate([one.error for one in found])[order],
            method=", ".join(dict.fromkeys(one.method for one in found)),
            answered_by=answered_by,
        )

    def of(self, text: int, label: object) -> pd.DataFrame:
        """Return the words of one text and their contributions to one class.

        Parameters
        ----------
        text : int
            Position of the text.
        label : label
            One of the classes.

        Returns
        -------
        pandas.DataFrame
            Columns `start`, `end`, `word` and `contribution`, in the order of the text.

        Raises
        ------
        KeyError
            If there is no such text or class.
        """
        if not 0 <= text < len(self.texts) or label not in self.scores.columns:
            raise KeyError(
                f"there is no text {text!r} with class {label!r}; there are {len(self.texts)} "
                f"texts and the classes {list(self.scores.columns)}."
            )
        rows = self.frame[(self.frame["text"] == text) & (self.frame["class"] == label)]
        return rows[["start", "end", "word", "contribution"]].reset_index(drop=True)

    def to_html(self, path: str | Path) -> None:
        """Write the texts, with their words coloured by contribution, as a self-contained page.

        Parameters
        ----------
        path : str or Path
        """
        fragment_page("Explanation", self._repr_html_()).write(path)

    def _repr_html_(self) -> str:
        return render(self)


def _rows(position: int, classes: np.ndarray, found: Attribution) -> pd.DataFrame:
    """Return the rows of `Explanation.frame` of one text, class after class."""
    names = [*found.words.names, *(feature.name for feature in found.outside)]
    nowhere = np.full(len(found.outside), NOT_IN_TEXT)
    outside = [feature.values for feature in found.outside]
    values = np.vstack([found.values, *outside])  # (n_words + n_outside, n_classes)
    n_rows = len(names)
    return pd.DataFrame(
        {
            "text": position,
            "class": np.repeat(classes, n_rows),
            "word": pd.Series(names * len(classes), dtype="str"),
            "start": np.tile(np.concatenate([found.words.starts, nowhere]), len(classes)),
            "end": np.tile(np.concatenate([found.words.ends, nowhere]), len(classes)),
            "contribution": values.T.ravel(),  # class-major, as the columns before
        }
    )
