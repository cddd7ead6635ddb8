"""What training a torch classifier on files needs to know before its rows are read."""

from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.tokenization import PretrainedTokenizer


def check_before_rows(classifier: TextNetClassifier) -> None:
    """Reject parameters as `fit` does, but without rows.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    TypeError, ValueError, RuntimeError
        If a parameter is out of range, or conflicts with another or with a callback.
    """
    classifier._validate_params()
    classifier._check_combinations(None, None)


def tokenizer_of_texts(classifier: TextNetClassifier) -> PretrainedTokenizer | None:
    """Return the tokenizer that a classifier would fit on texts.

    Parameters
    ----------
    classifier : TextNetClassifier

    Returns
    -------
    PretrainedTokenizer or None
        Unfitted; None if the classifier takes token ids only.
    """
    return classifier._make_tokenizer()
