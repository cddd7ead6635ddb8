import numpy as np

from agnews_sk.inspection._tokens import Tokens, tokenize
from agnews_sk.tokenization import SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer

TEXTS = ["Oil prices rise", "the oil", ""]


def words_and_vocabulary(**options):
    tokenizer = WordTokenizer(**options).fit(TEXTS)
    return tokenizer, Vocabulary(min_df=1).fit(tokenizer.transform(TEXTS))


def test_words_have_their_spans():
    steps = words_and_vocabulary()
    rows = tokenize(steps, np.array(TEXTS, dtype=object))
    for text, row, ids in zip(TEXTS, rows, steps[1].transform(steps[0].transform(TEXTS))):
        assert row.ids.tolist() == ids.to_list()
        assert len(row.spans) == len(row.ids)
        assert [text[a:b].lower() for a, b in row.spans] == text.lower().split()
        assert not row.special.any()


def test_stop_words_have_no_token_and_stems_have_the_spans_of_their_words():
    steps = words_and_vocabulary(stop_words=["the"], stemmer="porter")
    (row,) = tokenize(steps, np.array(["the prices"], dtype=object))
    assert row.spans == [(4, 10)]


def test_subwords_have_the_spans_of_their_backend_and_special_tokens_none():
    tokenizer = SubwordTokenizer(vocab_size=60).fit(TEXTS * 3)
    rows = tokenize((tokenizer,), np.array(TEXTS, dtype=object))
    for text, row, ids in zip(TEXTS, rows, tokenizer.transform(TEXTS)):
        assert row.ids.tolist() == ids.to_list()
        spans = [span for span in row.spans if span is not None]
        assert "".join(text[a:b] for a, b in spans).replace(" ", "") == text.replace(" ", "")
        assert [span is None for span in row.spans] == row.special.tolist()


def test_other_steps_have_no_tokens():
    assert tokenize((NgramVectorizer(),), np.array(TEXTS, dtype=object)) is None


def test_tokens_are_taken_by_position():
    row = Tokens(np.array([7, 8, 9]), [(0, 1), None, (2, 3)], np.array([False, True, False]))
    taken = row.take([2, 1])
    assert taken.ids.tolist() == [9, 8]
    assert taken.spans == [(2, 3), None]
    assert taken.special.tolist() == [False, True]
