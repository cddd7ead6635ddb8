"""Pipelines of texts beside other columns, from the frame to the prediction."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from optuna.distributions import FloatDistribution

from agnews_sk import load, load_news_sample, make_embedding_pipeline, make_tfidf_pipeline, save
from agnews_sk.inspection import explain, top_features
from agnews_sk.onnx import OnnxClassifier, export_onnx
from agnews_sk.sampling import DuplicateFilter, EDAAugmenter
from agnews_sk.tuning import PipelineSearchCV

N = 240
KINDS = {"amount": "number", "country": "category", "urgent": "boolean", "opened": "date"}


@pytest.fixture(scope="module")
def rows():
    """A frame of texts beside columns, and the labels of the texts."""
    frame, labels = load_news_sample(return_X_y=True)
    rng = np.random.default_rng(0)
    frame, labels = frame.iloc[:N].reset_index(drop=True), np.asarray(labels)[:N]
    opened = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10**7, N), unit="s")
    frame = frame.assign(
        row_id=np.arange(N),
        amount=np.where(rng.random(N) < 0.1, np.nan, np.exp(2 * rng.normal(size=N))),
        country=rng.choice(["DE", "FR", "US"], N),
        urgent=rng.random(N) < 0.5,
        opened=opened,
    )
    return frame, labels


@pytest.fixture(scope="module")
def fitted(rows):
    return make_tfidf_pipeline(columns="auto").fit(*rows)


def accuracy(frame, y, **params):
    """Fit on every other row, and score on the rest."""
    pipeline = make_tfidf_pipeline(**params).fit(frame[::2], y[::2])
    return pipeline.score(frame[1::2], y[1::2])


def test_a_number_a_category_and_a_date_decide_where_texts_cannot(rows):
    frame, _ = rows
    frame = frame.drop(columns="row_id")
    amount, days = frame["amount"].fillna(0), frame["opened"].dt.day_of_week
    for y in (amount > 2, frame["country"] == "DE", days >= 5, frame["urgent"].astype(int) > 0):
        frame = frame.assign(urgent=frame["urgent"].where(np.arange(N) % 17 > 0))
        y = np.where(y, "yes", "no")
        assert accuracy(frame[["title", "description"]], y) < 0.8
        assert accuracy(frame, y, columns="auto") > 0.92


def test_where_the_text_decides_noise_beside_it_costs_little(rows):
    texts, labels = load_news_sample(return_X_y=True)
    y = np.asarray(labels)[:1_000]
    noise = pd.concat([rows[0][list(KINDS)]] * 5, ignore_index=True)[:1_000]
    frame = pd.concat([texts[:1_000].reset_index(drop=True), noise], axis=1)
    assert accuracy(frame, y, columns="auto") > accuracy(frame[["title", "description"]], y) - 0.03


def test_texts_and_columns_together_decide_what_neither_does(rows):
    frame, labels = rows
    sport = np.isin(labels, ["Sports", "World"]).astype(int)
    y = np.array([f"{a}{b}" for a, b in zip(sport, frame["country"] == "DE")])
    both = accuracy(frame, y, columns="auto")
    assert both > accuracy(frame[["title", "description"]], y) + 0.1
    no_texts = frame.assign(title="nothing", description="new")
    assert both > accuracy(no_texts, y, columns=KINDS, join__columns=["title", "description"]) + 0.1


def test_every_container_predicts_the_same(rows, fitted, tmp_path):
    frame, _ = rows
    expected = fitted.predict_proba(frame)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    as_polars = pl.from_pandas(frame)
    for X in (
        as_polars,
        as_polars.to_arrow(),
        frame.convert_dtypes(),
        pd.read_csv(tmp_path / "rows.csv", dtype=str),
        pl.read_csv(tmp_path / "rows.csv"),
        frame[frame.columns[::-1]].assign(more=1).drop(columns="row_id"),
    ):
        assert np.array_equal(fitted.predict_proba(X), expected)


def test_a_frame_of_texts_only_is_refused_with_what_is_missing(rows, fitted):
    with pytest.raises(ValueError, match=r"\['amount', 'country', 'urgent', 'opened'\]"):
        fitted.predict(rows[0][["title", "description"]])


def test_unseen_categories_and_missing_values_are_predicted(rows, fitted):
    X = rows[0].head(3).assign(country=["new", None, ""], amount=None, opened=None, urgent=None)
    probabilities = fitted.predict_proba(X)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.isfinite(probabilities).all()


def test_columns_are_left_out_by_default_with_the_way_in(rows):
    frame, y = rows
    with pytest.warns(UserWarning, match="or use the others too, with columns='auto'"):
        make_tfidf_pipeline().fit(frame[:50], y[:50])


def test_a_column_of_labels_is_rejected_before_a_sampler_runs(rows):
    frame, y = rows
    pipeline = make_tfidf_pipeline(columns="auto", augment=EDAAugmenter())
    with pytest.raises(ValueError, match=r"X\['country'\] holds the labels"):
        pipeline.fit(frame.assign(country=y), y)
    assert not hasattr(pipeline.named_steps["augment"], "sample_indices_")


def test_samplers_read_the_texts_that_are_joined(rows):
    frame, y = rows
    frame = pd.concat([frame[:60], frame[:20].assign(country="BR")], ignore_index=True)
    frame.loc[5, ["title", "description"]] = None
    pipeline = make_tfidf_pipeline(columns="auto", augment=DuplicateFilter())
    pipeline.fit(frame, [*y[:60], *y[:20]])
    assert 5 not in pipeline.named_steps["filter"].sample_indices_
    assert len(pipeline.named_steps["augment"].sample_indices_) == 60


def test_augmented_rows_keep_their_columns(rows):
    frame, y = rows
    pipeline = make_tfidf_pipeline(columns="auto", augment=EDAAugmenter(random_state=0))
    assert pipeline.fit(frame[:60], y[:60]).named_steps["join"].column_kinds_["amount"] == "number"


def test_the_summary_is_printed_with_verbose(rows, capsys):
    pipeline = make_tfidf_pipeline(columns=["amount"], verbose=True)
    pipeline.set_params(verbose=False).fit(rows[0][:50], rows[1][:50])
    assert "text: title, description, country; number: amount" in capsys.readouterr().out


def test_a_loaded_pipeline_predicts_the_same_bits_in_a_fresh_process(rows, fitted, tmp_path):
    save(fitted, tmp_path / "model")
    rows[0].to_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys, numpy, pandas; from agnews_sk import load;"
        "X = pandas.read_parquet(sys.argv[1] + '/rows.parquet');"
        "numpy.save(sys.argv[1] + '/p', load(sys.argv[1] + '/model').predict_proba(X))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert np.array_equal(np.load(tmp_path / "p.npy"), fitted.predict_proba(rows[0]))
    assert load(tmp_path / "model").named_steps["join"].summary_ == fitted["join"].summary_


def test_several_labels_beside_columns_are_predicted_and_loaded_bit_equal(rows, tmp_path):
    frame, labels = rows
    large = (frame["amount"].fillna(0) > 2).tolist()
    sets = [[label, *["large"] * above] for label, above in zip(labels.tolist(), large)]
    pipeline = make_tfidf_pipeline(columns="auto", vectorize__text__units="words")
    pipeline.fit(frame[:160], sets[:160])
    loaded, test = load(save(pipeline, tmp_path / "model")), frame[160:]
    assert loaded.predict_proba(test).tobytes() == pipeline.predict_proba(test).tobytes()
    assert loaded[-1].thresholds_.tobytes() == pipeline[-1].thresholds_.tobytes()
    predicted = loaded.predict(test)
    assert predicted.tolist() == pipeline.predict(test).tolist()
    # Only the amount tells which rows are large.
    right = [("large" in found) == above for found, above in zip(predicted, large[160:])]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("method", ["linear", "occlusion"])
def test_an_explanation_has_the_part_of_each_column(rows, fitted, method):
    X = rows[0].iloc[:2].assign(amount=[None, 2.5], country=["FR", None])
    explanation = explain(fitted, X, method=method)
    found = explanation.of(1, "Sports").set_index("word")["contribution"]
    beside = explanation.of(0, "Sports").query("start < 0")["word"].tolist()
    assert beside[:2] == ["amount = missing", "country = FR"]
    assert found["amount = 2.5"] != 0
    assert found["country = missing"] == 0 or method == "linear"
    if method == "linear":
        assert explanation.error.max() < 1e-9
        numbers = fitted["vectorize"].transformer_.named_transformers_["number"]
        X_median = X.assign(amount=numbers.center_[0])
        difference = fitted.decision_function(X) - fitted.decision_function(X_median)
        column = fitted.classes_.tolist().index("Sports")
        assert found["amount = 2.5"] == pytest.approx(difference[1, column])


def test_top_features_name_the_columns(rows):
    frame, _ = rows
    y = np.where(frame["country"] == "DE", "home", "abroad")
    best = top_features(make_tfidf_pipeline(columns="auto").fit(frame, y), k=1)
    assert best["feature"].tolist()[1] == "category__country_DE"


def test_the_export_predicts_the_same(rows, fitted, tmp_path):
    pytest.importorskip("onnxruntime")
    export_onnx(fitted, tmp_path / "onnx", X=rows[0], y=rows[1])
    exported = OnnxClassifier.from_path(tmp_path / "onnx")
    assert np.allclose(exported.predict_proba(rows[0]), fitted.predict_proba(rows[0]))


def test_a_search_tunes_the_weight_and_the_words(rows):
    frame, y = rows
    space = {
        "vectorize__weight": FloatDistribution(0.1, 1.0),
        "vectorize__category__min_frequency": [1, 5],
        "vectorize__text__words__sublinear_tf": [True, False],
        "clean__lowercase": [True, False],
    }
    search = PipelineSearchCV(
        make_tfidf_pipeline(columns="auto"), space, n_trials=2, cv=2, random_state=0
    )
    assert set(search.fit(frame[:80], y[:80]).best_params_) == set(space)
    assert len(search.predict(frame[:3])) == 3


def test_embeddings_beside_columns(rows, tiny_model, tmp_path):
    frame, _ = rows
    y = np.where(frame["country"] == "DE", "home", "abroad")
    pipeline = make_embedding_pipeline(tiny_model, columns="auto").fit(frame, y)
    assert pipeline.score(frame, y) > 0.95
    save(pipeline, tmp_path / "model")
    assert np.array_equal(
        load(tmp_path / "model").predict_proba(frame), pipeline.predict_proba(frame)
    )
    found = explain(pipeline, frame.iloc[:1]).of(0, "home").set_index("word")["contribution"]
    assert abs(found).idxmax() == f"country = {frame['country'][0]}"
    with pytest.raises(TypeError, match="embeddings beside other columns cannot be exported; save"):
        export_onnx(pipeline, tmp_path / "onnx", X=frame)
