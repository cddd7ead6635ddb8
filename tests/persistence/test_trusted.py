"""What a caller trusts by name is saved and loaded; the error names what is missing."""

import json
import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import SelectKBest, chi2, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cleaning import TextCleaner
from agnews_sk.persistence import ArtifactError, load, save
from agnews_sk.vectorization import NgramVectorizer
from tests.persistence.forging import write_sum

X, Y = ["oil price", "cup final", "oil up", "final cup won"] * 2, ["a", "b"] * 4
SHOUT = "tests.persistence.test_trusted.shout"


def shout(texts, times=1):
    return [text.upper() * times for text in texts]


def first_letters(counts):
    return counts[:, :2]


class Scorer(SelectKBest):
    """A user-defined selector."""


def fitted(*steps):
    return make_pipeline(*steps, LogisticRegression()).fit(X, Y)


@pytest.mark.filterwarnings("ignore:Clustering metrics")
@pytest.mark.parametrize("score", [chi2, mutual_info_classif], ids=lambda f: f.__name__)
def test_selectors_of_scikit_learn_are_saved_and_loaded(tmp_path, score):
    model = make_tfidf_pipeline()
    model.steps.insert(-1, ("select", SelectKBest(score, k=3)))
    model.fit(X, Y)
    loaded = load(save(model, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded["select"].score_func is score


@pytest.mark.parametrize("trusted", [[shout], [SHOUT]], ids=["function", "name"])
def test_a_function_of_the_user_is_loaded_if_it_is_trusted(tmp_path, trusted):
    model = fitted(FunctionTransformer(shout, kw_args={"times": 2}), NgramVectorizer())
    with pytest.raises(ArtifactError, match=rf"cannot be saved.*pass trusted=\['{SHOUT}'\]"):
        save(model, tmp_path / "model")
    save(model, tmp_path / "model", trusted=trusted)
    with pytest.raises(ArtifactError, match=rf"pipeline\.skops.*pass trusted=\['{SHOUT}'\]"):
        load(tmp_path / "model")
    loaded = load(tmp_path / "model", trusted=trusted)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_functions_of_numpy_and_partial_functions_are_saved_by_name(tmp_path):
    trusted = [partial, shout, np.log1p]
    steps = FunctionTransformer(partial(shout, times=2)), CountVectorizer()
    model = fitted(*steps, FunctionTransformer(np.log1p))
    with pytest.raises(ArtifactError, match=r"trusted=\['functools.partial', 'numpy.log1p', 'te"):
        save(model, tmp_path / "model")
    save(model, tmp_path / "model", trusted=trusted)
    loaded = load(tmp_path / "model", trusted=["functools.partial", SHOUT, "numpy.log1p"])
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_all_missing_types_are_named_at_once(tmp_path):
    model = fitted(FunctionTransformer(shout), CountVectorizer(), Scorer(chi2, k=2))
    with pytest.raises(ArtifactError, match=rf"trusted=\['{SHOUT[:-5]}Scorer', '{SHOUT}'\]"):
        save(model, tmp_path / "model")


def test_a_function_that_cannot_be_imported_by_name_cannot_be_saved(tmp_path):
    def shout(texts):
        return texts

    for function in (shout, lambda texts: texts):
        model = fitted(FunctionTransformer(function), CountVectorizer())
        with pytest.raises(ArtifactError, match="define it with `def` at the top level"):
            save(model, tmp_path / "model", trusted=[function])
    assert not (tmp_path / "model").exists()


def test_only_the_modules_that_were_named_are_imported(tmp_path, monkeypatch):
    (tmp_path / "own_module.py").write_text("def same(texts):\n    return texts\n")
    monkeypatch.syspath_prepend(tmp_path)
    same = import_module("own_module").same
    path = save(
        fitted(FunctionTransformer(same), CountVectorizer()), tmp_path / "model", trusted=[same]
    )
    monkeypatch.delitem(sys.modules, "own_module")
    with pytest.raises(ArtifactError, match="own_module"):
        load(path)
    assert "own_module" not in sys.modules
    assert load(path, trusted=["own_module.same"]).predict(X).tolist() == Y
    assert "own_module" in sys.modules


def test_a_score_function_is_trusted_in_no_other_place(tmp_path):
    model = fitted(CountVectorizer(), FunctionTransformer(first_letters))
    model[1].func = mutual_info_classif
    with pytest.raises(ArtifactError, match=r"mutual_info_classif.*not trusted there"):
        save(model, tmp_path / "model")


def test_a_slow_pattern_is_loaded_if_it_is_trusted(tmp_path):
    pattern = r"(?:\w+\s?)+\b"
    model = fitted(NgramVectorizer(token_pattern=pattern))
    save(model, tmp_path / "model")
    with pytest.raises(ArtifactError, match=r"NgramVectorizer has the pattern.*pass trusted="):
        load(tmp_path / "model")
    loaded = load(tmp_path / "model", trusted=[pattern])
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_an_attribute_that_no_code_of_the_type_sets_is_named_when_saving(tmp_path):
    model = fitted(CountVectorizer())
    model[0].note_ = "mine"
    with pytest.raises(ArtifactError, match="CountVectorizer with the attribute 'note_'"):
        save(model, tmp_path / "model")


def lose(path, parameter, saved_by):
    """Take a parameter out of a saved model, as if it had been saved before there was one."""
    model = load(path)
    del model.__dict__[parameter]
    (path / "pipeline.skops").write_bytes(skops.io.dumps(model))
    write_sum(path, "pipeline.skops")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["versions"].update(saved_by)
    (path / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("estimator", "parameter", "saved_by"),
    [
        (TextCleaner(), "strip_tags", {"agnews_sk": "0.0.9"}),
        (HashingVectorizer(n_features=8), "alternate_sign", {"scikit-learn": "1.8.2"}),
    ],
    ids=["ours", "scikit-learn"],
)
@pytest.mark.filterwarnings("ignore:the model was saved with")
def test_a_model_saved_before_a_parameter_existed_is_rejected_with_the_version(
    tmp_path, estimator, parameter, saved_by
):
    path = save(estimator.fit(X), tmp_path / "model")
    lose(path, parameter, saved_by)
    ((library, version),) = saved_by.items()
    expected = (
        f"a {type(estimator).__name__} without the parameter '{parameter}'.*"
        f"saved by {library} {version}: load it with that"
    )
    with pytest.raises(ArtifactError, match=expected):
        load(path)


def test_containers_shared_exponentially_often_are_rejected_at_once(tmp_path):
    shared = ["oil"]
    for _ in range(60):
        shared = [shared, shared]
    model = fitted(CountVectorizer())
    model[0].stop_words = shared
    with pytest.raises(ArtifactError, match="cannot be saved: its containers share each other"):
        save(model, tmp_path / "model")


@pytest.mark.parametrize("constant", ["b", ["b"]], ids=["label", "list of one"])
def test_a_constant_that_is_a_class_is_saved_and_loaded(tmp_path, constant):
    dummy = DummyClassifier(strategy="constant", constant=constant).fit([[0], [0]], ["a", "b"])
    assert load(save(dummy, tmp_path / "model")).predict([[0]]).tolist() == ["b"]
