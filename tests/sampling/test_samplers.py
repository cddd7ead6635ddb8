"""What holds for every sampler: kinds, labels, weights, pipelines, any Unicode."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.pipeline import Pipeline
from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.utils import estimator_html_repr

from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MissingTextFilter,
    SamplerChain,
)

TEXTS = [
    "Oil prices rise again in early trading",
    "The striker scored twice on his debut",
    "Oil prices rise again, in early trading!",
    "",
    "New phone goes on sale in Japan today",
    "Voters go to the polls on Sunday morning",
]
LABELS = ["Business", "Sports", "Business", "Sports", "Sci/Tech", "World"]

FILTERS = [
    MissingTextFilter(),
    LengthFilter(min_words=2, min_letter_share=0.2),
    DuplicateFilter(),
    DuplicateFilter(method="near", random_state=0),
    LabelConflictFilter(strategy="majority"),
    SamplerChain([("missing", MissingTextFilter()), ("duplicates", DuplicateFilter())]),
]
SAMPLERS = [*FILTERS, EDAAugmenter(random_state=0)]

KINDS = {
    "list": list,
    "tuple": tuple,
    "ndarray": lambda t: np.array(t, dtype=object),
    "unicode ndarray": lambda t: np.array(t, dtype="U"),
    "pandas Series": lambda t: pd.Series(t, index=[f"row {i}" for i in range(len(t))], name="t"),
    "pandas object Series": lambda t: pd.Series(t, dtype=object),
    "polars Series": lambda t: pl.Series("t", t),
    "pandas frame": lambda t: pd.DataFrame({"t": t, "n": range(len(t))}),
    "polars frame": lambda t: pl.DataFrame({"t": t, "n": range(len(t))}),
}


def name_of(sampler):
    return repr(sampler)[:45]


def texts_of(X):
    return list(X["t"]) if isinstance(X, (pd.DataFrame, pl.DataFrame)) else list(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_sampler_keeps_the_kind_and_gives_the_rows_that_a_list_gives(sampler, kind):
    expected, labels = clone(sampler).fit_resample(TEXTS, LABELS)
    X = KINDS[kind](TEXTS)
    out, y = clone(sampler).fit_resample(X, np.array(LABELS))
    assert type(out) is type(X)
    assert texts_of(out) == expected
    assert y.tolist() == labels
    if "Series" in kind:
        assert out.dtype == X.dtype


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_labels_weights_and_pandas_index_follow_sample_indices(sampler):
    X = pd.Series(TEXTS, index=list("abcdef"))
    y = pd.Series(LABELS, index=list("abcdef"))
    out, labels, weights = sampler.fit_resample(X, y, sample_weight=np.arange(6.0))
    rows = sampler.sample_indices_
    assert out.index.tolist() == X.index[rows].tolist()
    assert labels.equals(y.iloc[rows])
    assert weights.tolist() == rows.tolist()


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_sampler_does_not_change_its_input(sampler):
    X = pd.DataFrame({"t": TEXTS, "n": range(6)})
    before = X.copy(deep=True)
    sampler.fit_resample(X, LABELS)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_sampler_survives_clone_pickle_and_a_second_fit(sampler):
    first = clone(sampler).fit(TEXTS, LABELS)
    copied = pickle.loads(pickle.dumps(first))
    assert copied.sample_indices_.tolist() == first.sample_indices_.tolist()
    again = copied.fit(["one text of five words"], ["World"])
    assert set(again.sample_indices_) == {0}
    assert type(sampler).__name__ in estimator_html_repr(sampler)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("one text", TypeError, "wrap it in a list"),
        ([1, 2], TypeError, "must hold texts"),
        ([], ValueError, "at least one text"),
        (pd.DataFrame({"n": [1, 2]}), ValueError, "no column of texts"),
    ],
    ids=["bare str", "numbers", "empty", "frame of numbers"],
)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_values_that_are_not_texts_are_rejected(sampler, X, error, message):
    with pytest.raises(error, match=message):
        clone(sampler).fit_resample(X, ["World"] * (len(X) if isinstance(X, list) else 2))


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_labels_and_weights_of_another_length_are_rejected(sampler):
    with pytest.raises(ValueError, match="one label per row of X, 6, got 2"):
        sampler.fit_resample(TEXTS, ["World", "Sports"])
    with pytest.raises(ValueError, match="sample_weight"):
        sampler.fit_resample(TEXTS, LABELS, sample_weight=[1.0, 2.0])


@pytest.mark.parametrize(
    "sampler",
    [s for s in SAMPLERS if "columns" in s.get_params()],
    ids=name_of,
)
def test_columns_must_be_a_list_of_existing_columns(sampler):
    frame = pd.DataFrame({"t": TEXTS})
    with pytest.raises(ValueError, match="'columns' parameter"):
        clone(sampler).set_params(columns="t").fit_resample(frame, LABELS)
    with pytest.raises(ValueError, match=r"lacks the columns \['title'\]"):
        clone(sampler).set_params(columns=["title"]).fit_resample(frame, LABELS)


@pytest.mark.parametrize(
    "sampler",
    [
        MissingTextFilter(),
        LengthFilter(),
        SamplerChain([("missing", MissingTextFilter())]),
    ],
    ids=name_of,
)
def test_dropping_every_row_raises_an_error_that_names_the_sampler(sampler):
    with pytest.raises(ValueError, match=r"Filter dropped all 2 rows; relax"):
        sampler.fit_resample([None, " "], ["World", "World"])


@given(
    st.lists(
        st.one_of(st.none(), st.text(st.characters(), max_size=12), st.sampled_from(TEXTS)),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("sampler", FILTERS, ids=name_of)
def test_no_unicode_text_breaks_or_reorders_a_filter(sampler, texts):
    texts = [*texts, "one good text to keep"]
    labels = [i % 3 for i in range(len(texts))]
    out, y = clone(sampler).fit_resample(texts, labels)
    rows = clone(sampler).fit(texts, labels).sample_indices_
    assert (np.diff(rows) > 0).all()
    assert out == [texts[i] for i in rows]
    assert y == [labels[i] for i in rows]


def make_pipeline(sampler):
    return Pipeline(
        [
            ("filter", sampler),
            ("vectorize", TfidfVectorizer()),
            ("classify", LogisticRegression()),
        ]
    )


@pytest.mark.parametrize("routing", [False, True], ids=["routing off", "routing on"])
@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_pipeline_returns_one_prediction_per_row(sampler, routing):
    with config_context(enable_metadata_routing=routing):
        pipeline = clone(make_pipeline(sampler)).fit(TEXTS, LABELS)
        assert len(pipeline.predict(["", "", "goal"])) == 3
        assert pipeline.predict_proba(TEXTS).shape == (6, len(pipeline.classes_))
        assert 0 <= pipeline.score(TEXTS, LABELS) <= 1


def test_pipeline_trains_on_the_rows_that_the_filters_left():
    chain = SamplerChain([("missing", MissingTextFilter()), ("duplicates", DuplicateFilter())])
    pipeline = make_pipeline(chain).fit(TEXTS, LABELS)
    kept = [0, 1, 4, 5]
    assert pipeline["filter"].sample_indices_.tolist() == kept
    alone = make_pipeline("passthrough").fit([TEXTS[i] for i in kept], [LABELS[i] for i in kept])
    np.testing.assert_allclose(pipeline.predict_proba(TEXTS), alone.predict_proba(TEXTS))


@pytest.mark.parametrize(
    "imports",
    ["imblearn.pipeline, agnews_sk.sampling", "agnews_sk.sampling, imblearn.pipeline"],
    ids=["imblearn first", "agnews_sk first"],
)
def test_samplers_request_no_metadata_for_any_import_order(imports):
    code = f"""
import {imports}, sklearn
sklearn.set_config(enable_metadata_routing=True)
sampler = agnews_sk.sampling.MissingTextFilter()
imblearn.pipeline.Pipeline([("filter", sampler)]).fit(["oil", None])
print(sampler.get_metadata_routing().fit_resample.requests)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{}"
