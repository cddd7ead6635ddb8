"""Ids of the eight headlines, and a small encoder over them."""

import pytest

from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.tokenization import Vocabulary, WordTokenizer


@pytest.fixture
def ids(headlines):
    """The headlines as the ids of a word vocabulary."""
    return Vocabulary().fit_transform(WordTokenizer().transform(headlines[0]))


@pytest.fixture
def labels(headlines):
    return headlines[1]


@pytest.fixture
def small():
    """An encoder from scratch that takes milliseconds to train, without any chance in it."""
    return TransformerClassifier(
        d_model=16,
        n_heads=2,
        max_epochs=2,
        batch_size=8,
        learning_rate=0.01,
        dropout=0.0,
        token_dropout=0.0,
        precision="fp32",
        random_state=0,
    )
