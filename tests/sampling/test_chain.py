import pytest
from sklearn.base import clone

from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    MissingTextFilter,
    SamplerChain,
)

TEXTS = [None, "Oil rises", "Goal", "oil rises", "Vote", "vote"]
LABELS = ["World", "Business", "Sports", "Business", "World", "Sports"]


def make_chain():
    return SamplerChain(
        [
            ("missing", MissingTextFilter()),
            ("conflicts", LabelConflictFilter()),
            ("duplicates", DuplicateFilter()),
        ]
    )


def test_chain_composes_the_rows_of_its_samplers():
    chain = make_chain()
    texts, labels, weights = chain.fit_resample(TEXTS, LABELS, sample_weight=[0, 1, 2, 3, 4, 5])
    assert texts == ["Oil rises", "Goal"]
    assert labels == ["Business", "Sports"]
    assert weights.tolist() == [1, 2]
    assert chain.sample_indices_.tolist() == [1, 2]


def test_chain_composes_through_an_augmenter():
    chain = SamplerChain(
        [("missing", MissingTextFilter()), ("augment", EDAAugmenter(random_state=0))]
    )
    rows = chain.fit(TEXTS, LABELS).sample_indices_
    assert rows.tolist() == [1, 2, 3, 4, 5] * 2


def test_chain_is_searched_and_cloned_like_a_pipeline():
    chain = make_chain()
    assert chain.get_params()["conflicts__strategy"] == "drop"
    chain.set_params(conflicts__strategy="majority", duplicates=DuplicateFilter(keep="last"))
    copied = clone(chain)
    assert copied.get_params()["conflicts__strategy"] == "majority"
    assert copied.fit(TEXTS, LABELS).sample_indices_.tolist() == [2, 3]
    assert copied.get_params()["missing"] is not chain.get_params()["missing"]


def test_chain_fits_clones_and_does_not_change_its_parameters():
    chain = make_chain().fit(TEXTS, LABELS)
    assert not hasattr(chain.steps[0][1], "sample_indices_")
    assert dict(chain.steps_)["missing"].sample_indices_.tolist() == [1, 2, 3, 4, 5]


def test_passthrough_leaves_a_step_out():
    chain = make_chain().set_params(duplicates="passthrough", conflicts="passthrough")
    assert chain.fit(TEXTS, LABELS).sample_indices_.tolist() == [1, 2, 3, 4, 5]
    assert [name for name, _ in chain.steps_] == ["missing"]


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        ([("a", MissingTextFilter()), ("a", DuplicateFilter())], ValueError, "not unique"),
        ([("a__b", MissingTextFilter())], ValueError, "must not contain __"),
        ([("a", object())], TypeError, "'a' is <object"),
        ([MissingTextFilter()], ValueError, r"steps must be a list of \(name, sampler\) tuples"),
        ("missing", ValueError, "'steps' parameter"),
    ],
    ids=["same name", "bad name", "no sampler", "no name", "no list"],
)
def test_chain_rejects_bad_steps(steps, error, message):
    with pytest.raises(error, match=message):
        SamplerChain(steps).fit(TEXTS, LABELS)
