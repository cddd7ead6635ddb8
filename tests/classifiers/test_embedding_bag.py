import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from agnews_sk import make_news, make_tfidf_pipeline
from agnews_sk.classifiers import EmbeddingBagClassifier

WEIGHTS = "repeated rows make other minibatches"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_sample_weight_equivalence_on_sparse_data": WEIGHTS,
}


# By default, few rows get 400 epochs.
@parametrize_with_checks(
    [EmbeddingBagClassifier(max_epochs=60, random_state=0)],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    frame, y = make_news(n_samples=1_200, random_state=0, return_X_y=True)
    vectorizer = make_tfidf_pipeline(characters=False)[:-1]
    X = vectorizer.fit_transform(frame[:800], y[:800])
    return X, y[:800], vectorizer.transform(frame[800:]), y[800:]


@pytest.fixture(scope="module")
def fitted(rows):
    return EmbeddingBagClassifier(random_state=0).fit(*rows[:2])


def small(**params):
    return EmbeddingBagClassifier(
        embedding_dim=8, max_epochs=5, random_state=0, calibration_fraction=None
    ).set_params(**params)


def test_it_is_nearly_as_accurate_as_the_baseline(rows, fitted):
    X, y, X_test, y_test = rows
    baseline = make_tfidf_pipeline()[-1].fit(X, y)
    assert fitted.score(X_test, y_test) > baseline.score(X_test, y_test) - 0.03


def test_the_temperature_improves_the_log_loss_of_unseen_rows(rows, fitted):
    X, y, X_test, y_test = rows
    plain = EmbeddingBagClassifier(calibration_fraction=None, random_state=0).fit(X, y)
    assert plain.temperature_ == 1.0 != fitted.temperature_
    assert log_loss(y_test, fitted.predict_proba(X_test)) < log_loss(
        y_test, plain.predict_proba(X_test)
    )


def test_a_seed_repeats_the_fit_and_another_does_not(rows):
    X, y, X_test, _ = rows
    first, again, other = (
        small(random_state=seed).fit(X, y).predict_proba(X_test) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_weights_of_classes_are_weights_of_their_rows(rows):
    X, y, X_test, _ = rows
    chosen = {label: 1.0 + 5 * (label == y[0]) for label in set(y)}
    by_class = small(class_weight=chosen).fit(X, y).predict_proba(X_test)
    by_row = small().fit(X, y, sample_weight=[chosen[label] for label in y]).predict_proba(X_test)
    plain = small().fit(X, y).predict_proba(X_test)
    np.testing.assert_array_equal(by_class, by_row)
    position = np.unique(y).tolist().index(y[0])
    assert by_class[:, position].mean() > plain[:, position].mean() + 0.01


def test_rows_without_weight_change_nothing(rows):
    X, y, X_test, _ = rows
    weight = np.r_[np.ones(600), np.zeros(len(y) - 600)]
    weighted = small().fit(X, y, sample_weight=weight).predict_proba(X_test)
    np.testing.assert_array_equal(weighted, small().fit(X[:600], y[:600]).predict_proba(X_test))


def test_soft_labels_replace_the_labels_in_training(rows):
    X, y, X_test, _ = rows
    classes = np.unique(y)
    certain = (y[:, None] == classes).astype(float)
    as_labels = small().fit(X, y).predict_proba(X_test)
    np.testing.assert_array_equal(
        small().fit(X, y, soft_labels=certain).predict_proba(X_test), as_labels
    )
    # A class that no teacher gives a probability is not predicted.
    others = np.where(classes == classes[0], 0, certain + 0.1)
    taught = small().fit(X, y, soft_labels=others / others.sum(axis=1, keepdims=True))
    assert classes[0] in classes[as_labels.argmax(axis=1)]
    assert classes[0] not in taught.predict(X_test)


def test_soft_labels_are_one_distribution_per_row(rows):
    X, y, _, _ = rows
    with pytest.raises(ValueError, match=r"soft_labels must have the shape \(800, 4\)"):
        small().fit(X, y, soft_labels=np.ones((800, 3)) / 3)


def test_several_labels_per_row_are_rejected(rows):
    X, y, _, _ = rows
    with pytest.raises(ValueError, match=r"one label per row, got several; use Calibrated"):
        small().fit(X, [[label] for label in y])


def test_rows_of_one_group_are_held_out_together(rows):
    X, y, _, _ = rows
    copies = np.repeat(np.arange(300), 4)
    noise = sp.random_array((1_200, X.shape[1]), density=1e-3, rng=0, format="csr")
    noisy = sp.csr_array(X[copies]) + 1e-3 * noise
    classifier = EmbeddingBagClassifier(max_epochs=40, random_state=0)
    alone = clone(classifier).fit(noisy, y[copies]).temperature_
    grouped = clone(classifier).fit(noisy, y[copies], groups=copies).temperature_
    assert grouped > 1.1 * alone


def test_a_class_without_rows_to_hold_out_is_named(rows):
    X, y, _, _ = rows
    labels = y.astype(object)
    labels[0] = "Rare"
    with pytest.warns(UserWarning, match=r"without the classes \['Rare'\]") as caught:
        EmbeddingBagClassifier(max_epochs=1, random_state=0).fit(X, labels)
    assert caught[0].filename == __file__


def test_few_rows_get_more_epochs_by_default(rows):
    X, y, _, _ = rows
    classifier = EmbeddingBagClassifier(random_state=0)
    assert [classifier._steps(n, 4).n_epochs for n in (100, 10_000, 60_000)] == [400, 10, 3]
    assert small().fit(X, y).n_epochs_ == 5


def test_many_classes_have_longer_vectors_by_default(fitted):
    X, y = np.eye(202), np.repeat(np.arange(101), 2)
    many = EmbeddingBagClassifier(max_epochs=1, calibration_fraction=None).fit(X, y)
    assert [one.embeddings_.shape[1] for one in (fitted, many)] == [32, 64]


def test_an_interrupted_fit_keeps_the_previous_state(rows, monkeypatch):
    X, y, X_test, _ = rows
    classifier = small().fit(X, y)
    before = classifier.predict_proba(X_test)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("agnews_sk.classifiers._embedding_bag.train_embeddings", interrupt)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, np.char.add(y.astype(str), "x"))
    np.testing.assert_array_equal(classifier.predict_proba(X_test), before)


def test_sparse_and_dense_rows_are_equivalent(rows):
    X, y, X_test, _ = rows
    dense = small().fit(X.toarray(), y).predict_proba(X_test.toarray())
    np.testing.assert_allclose(dense, small().fit(X, y).predict_proba(X_test), atol=1e-6)


def test_margins_that_overflow_are_rejected(rows):
    X, y, X_test, _ = rows
    fitted = small().fit(X, y)
    with pytest.raises(ValueError, match="margins overflow on X; scale its rows"):
        fitted.predict(X_test * 3e38)
