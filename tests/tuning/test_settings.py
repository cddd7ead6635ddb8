"""A study records by content what determines its scores, and is not resumed with anything else."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from optuna.distributions import FloatDistribution
from optuna.pruners import NopPruner
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from agnews_sk import TextCache, make_tfidf_pipeline
from agnews_sk._core.content import content_digest as digest
from agnews_sk.sampling import DuplicateFilter, MissingTextFilter
from agnews_sk.tuning import PipelineSearchCV, open_storage, tfidf_space
from agnews_sk.vectorization import SentenceEmbedder

ROOT = Path(__file__).parents[2]
X = np.linspace(-2, 2, 24).reshape(12, 2)
Y = np.array(["a", "b"] * 6)
SPACE = {"C": [0.1, 1.0]}
HALF = 0.5


def shift(X):
    return X + HALF


def make_shift(by):
    def shift(X):
        return X + by

    return shift


def space_of_one(trial):
    return {"C": trial.suggest_float("C", 0.1, 1.0)}


def search(storage, n_trials=2, estimator=None, space=None, X=X, y=Y, params=None, **options):
    options = {"cv": 2, "scoring": "accuracy", "refit": False, **options}
    return PipelineSearchCV(
        estimator or LogisticRegression(), space or SPACE, n_trials=n_trials, random_state=0,
        storage=storage, study_name="kept", pruner=NopPruner(), **options,
    ).fit(X, y, **(params or {}))  # fmt: skip


def changed(array, value):
    array = array.copy()
    array[0] = value
    return array


OTHERWISE = {
    "scoring": ({"scoring": "neg_log_loss"}, "scorer 'score' was make_scorer.accuracy_score"),
    "a callable": ({"scoring": lambda e, X, y: 0.5}, "scorer 'score' was"),
    "another metric's parameter": (
        {"scoring": make_scorer(fbeta_score, beta=2, average="macro")},
        "scorer 'score' was",
    ),
    "more scores": ({"scoring": ["accuracy", "f1_macro"]}, "scoring was"),
    "labels": ({"y": changed(Y, "b")}, "y differs"),
    "rows": ({"X": changed(X, 9)}, "X differs"),
    "fewer rows": ({"X": X[:10], "y": Y[:10]}, "X was 12 rows, is 10 rows"),
    "weights": ({"params": {"sample_weight": np.ones(12)}}, "sample_weight of fit was absent"),
    "a parameter": (
        {"estimator": LogisticRegression(fit_intercept=False)},
        "fit_intercept was True, is False",
    ),
    "the estimator": ({"estimator": DummyClassifier(), "space": {"strategy": ["prior"]}},
                      "estimator was LogisticRegression, is DummyClassifier"),
    "the folds' number": ({"cv": 3}, "cv was 2 folds, is 3 folds"),
    "the folds": ({"cv": StratifiedKFold(2, shuffle=True, random_state=1)}, "cv differs"),
    "choices": ({"space": {"C": [0.1, 2.0]}}, r"space\['C'\] was \[0.1, 1.0\], is \[0.1, 2.0\]"),
    "a distribution": ({"space": {"C": FloatDistribution(0.1, 1)}}, r"space\['C'\] was"),
    "another name": ({"space": {"tol": [0.1, 1.0]}}, r"space\['C'\] is absent"),
    "a function": ({"space": space_of_one}, "space was absent"),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_study_is_not_resumed_with_other_settings(what, tmp_path, monkeypatch):
    options, message = OTHERWISE[what]
    storage = f"journal:{tmp_path / 'study.journal'}"
    search(storage)
    fits = []
    for kind in (LogisticRegression, DummyClassifier):
        monkeypatch.setattr(kind, "fit", lambda *args, **params: fits.append(1))
    with pytest.raises(
        ValueError, match=rf"study 'kept' was created with other settings:.*{message}"
    ):
        search(storage, 4, **options)
    assert fits == []


def test_settings_that_do_not_change_scores_may_differ(tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    first = search(storage)
    estimator = LogisticRegression(verbose=0, C=7.0)  # C is drawn
    more = search(
        storage, 4, estimator, X=pd.DataFrame(X).to_numpy(), y=pd.Series(Y, dtype="category"),
        cache_bytes=None, n_jobs=2, error_score="raise", cv=StratifiedKFold(2),
    )  # fmt: skip
    assert more.cv_results_["params"][:2] == first.cv_results_["params"]
    assert (more.cv_results_["state"] == "complete").all()


def test_weights_of_a_resumed_study_must_be_the_same(tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    params = {"sample_weight": np.ones(12)}
    search(storage, params=params)
    search(storage, 3, params=params)
    with pytest.raises(
        ValueError, match="sample_weight of fit differs; sample_weight of score differs"
    ):
        search(storage, 4, params={"sample_weight": np.arange(12.0)})


def test_settings_of_a_family_are_named_with_it(tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    spaces = {"line": SPACE, "constant": {"strategy": ["prior"]}}
    families = {"line": LogisticRegression(), "constant": DummyClassifier()}
    search(storage, estimator=families, space=spaces)
    families["line"] = LogisticRegression(tol=0.5)
    with pytest.raises(ValueError, match=r"tol of family 'line' was 0\.0001, is 0\.5"):
        search(storage, 3, estimator=families, space=spaces)


def test_a_study_with_trials_of_unknown_origin_is_rejected(tmp_path):
    storage = open_storage(f"journal:{tmp_path / 'study.journal'}")
    study = optuna.create_study(storage=storage, study_name="kept", direction="maximize")
    study.optimize(lambda trial: 0.5, n_trials=1)
    with pytest.raises(ValueError, match="no record of how they were scored"):
        search(storage)


SAME = {
    "list and array": (["oil", "cup"], np.array(["oil", "cup"], dtype=object)),
    "pandas and polars": (pd.Series(["oil", "cup"]), pl.Series(["oil", "cup"])),
    "order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "memory and threads": (
        Pipeline([("a", LogisticRegression(n_jobs=1))], memory=None),
        Pipeline([("a", LogisticRegression(n_jobs=2))], memory="/tmp"),
    ),
    "two caches": ([TextCache()], [TextCache("/tmp")]),
    "functions made alike": (make_shift(1), make_shift(1)),
    "NumPy's number": ([0.5], [np.float64(0.5)]),
    "memory order": (X, np.asfortranarray(X)),
    "generators of one seed": (np.random.RandomState(3), np.random.RandomState(3)),
}
OTHER = {
    "texts joined": (["ab", "c"], ["a", "bc"]),
    "a number and its text": ([1], ["1"]),
    "dtype": (X.astype(np.float32), X.astype(np.float64)),
    "shape": (X, X.reshape(2, 12)),
    "columns": (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    "missing": (["a", None], ["a", ""]),
    "sparse": (sp.csr_array(np.eye(2)), sp.csr_array(2 * np.eye(2))),
    "closure": (make_shift(1), make_shift(2)),
    "lambda": (lambda x: x + 1, lambda x: x + 2),
    "default": (lambda x=1: x, lambda x=2: x),
    "partial": (partial(shift, 1), partial(shift, 2)),
    "nested": (
        FunctionTransformer(shift),
        FunctionTransformer(make_shift(1)),
    ),
    "order of steps": (
        Pipeline([("a", MissingTextFilter()), ("b", DuplicateFilter())]),
        Pipeline([("b", DuplicateFilter()), ("a", MissingTextFilter())]),
    ),
    "generators": (np.random.RandomState(3), np.random.RandomState(4)),
    "set": ({"a"}, {"a", "b"}),
}


@pytest.mark.parametrize("pair", SAME)
def test_values_of_the_same_content_have_the_same_digest(pair):
    first, second = SAME[pair]
    assert digest(first) == digest(second)


@pytest.mark.parametrize("pair", OTHER)
def test_other_values_have_another_digest(pair):
    first, second = OTHER[pair]
    assert digest(first) != digest(second)


def test_a_global_that_a_function_uses_is_part_of_it(monkeypatch):
    before = digest(shift)
    assert digest(shift) == before
    monkeypatch.setattr(sys.modules[__name__], "HALF", 0.75)
    assert digest(shift) != before


def test_the_digest_of_a_model_is_of_its_files_not_its_folder(tmp_path):
    for name, weights in (("one", b"1"), ("copy", b"1"), ("other", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(weights)

    def embedder(name):
        return digest(SentenceEmbedder(model=str(tmp_path / name)))

    assert embedder("one") == embedder("copy")
    assert embedder("one") != embedder("other")


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer.json", "vocab.txt", "pytorch_model.bin"]
)
def test_every_file_of_a_model_is_part_of_its_digest(file, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"1")
    (tmp_path / file).write_text("one")
    before = digest(SentenceEmbedder(model=tmp_path))
    (tmp_path / file).write_text("two")
    assert digest(SentenceEmbedder(model=tmp_path)) != before


def columns_of(columns):
    return make_pipeline(ColumnTransformer([("a", "passthrough", columns)]), LogisticRegression())


def frozen(column):
    scaler = FrozenEstimator(StandardScaler().fit(X * column))
    return make_pipeline(scaler, LogisticRegression())


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (columns_of([0]), columns_of([1]), r"transformers was"),
        (frozen(1), frozen(2), "frozenestimator differs"),
    ],
    ids=["columns", "learned"],
)
def test_state_besides_parameters_is_compared(one, other, message, tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    space = {"logisticregression__C": [0.1, 1.0]}
    search(storage, estimator=one, space=space)
    search(storage, 3, estimator=clone(one), space=space)
    with pytest.raises(ValueError, match=f"was created with other settings:.*{message}"):
        search(storage, 4, estimator=other, space=space)


def some_digests():
    values = X, shift, make_shift(3), lambda x: x + 1, {"a", "b", "c"}, tfidf_space, OTHERWISE
    return [*map(digest, values), digest(make_tfidf_pipeline(characters=True))]


def test_digests_are_the_same_in_every_process():
    code = "from tests.tuning.test_settings import some_digests; print(some_digests())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stdout.strip() == str(some_digests())
