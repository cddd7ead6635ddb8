"""Every public estimator of texts passes the checks of `agnews_sk.testing`."""

from unittest import SkipTest

import pytest

import agnews_sk
from agnews_sk.testing import check_text_estimator, parametrize_with_text_checks, text_checks
from agnews_sk.testing._checks import containers
from tests.estimators import CLASSIFIERS, ENCODERS, ESTIMATORS, MIXED

ABSTAINS = "predicts 'abstained' too, which is not a class"
NO_TEXTS_NEEDED = {"check_none": "fit needs no texts: None stands for their absence"}
EXPECTED_FAILURES = {
    "AbstainingClassifier": {
        "check_string_labels": ABSTAINS,
        "check_integer_labels": ABSTAINS,
        "check_object_labels": ABSTAINS,
        "check_predict_dtype": "booleans and 'abstained' are predicted as objects",
        "check_predictions_are_classes": ABSTAINS,
        "check_predict_proba_columns": ABSTAINS,
        "check_cross_validation": ABSTAINS,
        "check_sample_weight_equivalence": "the rows held out for calibration are drawn by row",
        "check_sample_weight_routing": "the estimator within it requests the weights for itself",
    },
    "CascadeClassifier": {
        "check_sample_weight_equivalence": "the rows held out are drawn by row",
        "check_sample_weight_routing": "the estimators within it request the weights themselves",
    },
    "DistilledClassifier": {
        "check_sample_weight_equivalence": "the folds of its teacher are drawn by row",
        "check_sample_weight_routing": "the estimators within it request the weights themselves",
    },
    "PretrainedTokenizer": NO_TEXTS_NEEDED,
    "SelfTrainedClassifier": {
        "check_missing_labels": "rows without a label are unlabelled rows",
        "check_missing_label_position": "rows without a label are unlabelled rows",
        "check_sample_weight_equivalence": "the folds that choose its threshold are drawn by row",
        "check_sample_weight_routing": "the estimator within it requests the weights for itself",
    },
    "SentenceEmbedder": NO_TEXTS_NEEDED,
    "StaticEmbedder": NO_TEXTS_NEEDED,
}

# They fail or pass as threads take turns, or as rows fall into minibatches.
THREADS = {"check_fit_in_threads": "torch has one random generator per process"}
FAILURES_BY_CHANCE = {
    "EmbeddingBagClassifier": {
        "check_sample_weight_equivalence": "repeated rows make other minibatches",
    },
    "FineTunedTransformerClassifier": {
        "check_sample_weight_equivalence": "repeated rows make other minibatches",
        **THREADS,
    },
    "make_transformer_pipeline": THREADS,
    "make_finetune_pipeline": THREADS,
}

QUICK = {
    *vars(containers),
    "check_clone",
    "check_lists_unchanged",
    "check_missing_text_in_predict",
    "check_parameters_unchanged",
    "check_pickle",
    "check_refit_discards_first_fit",
    "check_predict_empty_input",
    "check_repr",
    "check_state_after_error",
} - {"check_arrow_texts", "check_categorical_texts"}
"""Checks that classifiers, whose fits take longer, are given in every run.

Their messages for invalid input are tested in `test_rejected_input`.
"""


@parametrize_with_text_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


def failures_of(estimator, names):
    """Return the messages of those of the checks that fail, by name."""
    failures = {}
    for name, check in text_checks(estimator).items():
        try:
            if name in names:
                check(type(estimator).__name__, estimator)
        except AssertionError as failure:
            failures[name] = str(failure)
        except SkipTest:
            continue
    return failures


@pytest.mark.parametrize("name", ENCODERS)
def test_estimator_with_a_pretrained_model(name, tiny_model):
    in_this_process = set(text_checks()) - {"check_predict_in_processes"}
    failures = failures_of(ENCODERS[name](tiny_model), in_this_process)
    assert set(failures) == set(EXPECTED_FAILURES[name]), failures


WITHIN_OTHERS = {
    "make_embedding_pipeline",
    "make_tfidf_pipeline(columns='auto')",
    "FineTunedTransformerClassifier",
}
"""Classifiers whose steps are given the quick checks elsewhere, or that are a step of others."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in WITHIN_OTHERS))
        for name in CLASSIFIERS | MIXED
    ],
)
def test_classifier_passes_the_quick_checks(name, tiny_model):
    assert failures_of((CLASSIFIERS | MIXED)[name](tiny_model), QUICK) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS | CLASSIFIERS | MIXED)
def test_estimator_that_takes_longer_passes_all_checks(name, tiny_model):
    expected = EXPECTED_FAILURES.get(name, {})
    results = check_text_estimator(
        (ENCODERS | CLASSIFIERS | MIXED)[name](tiny_model),
        expected_failed_checks=expected | FAILURES_BY_CHANCE.get(name, {}),
        on_fail=None,
    )
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    assert not set(expected) & {r["check_name"] for r in results if r["status"] == "passed"}


def test_every_public_estimator_of_texts_is_checked():
    checked = {type(estimator).__name__ for estimator in ESTIMATORS} | set(ENCODERS | CLASSIFIERS)
    classes = {name for name in agnews_sk.__all__ if isinstance(getattr(agnews_sk, name), type)}
    estimators = {name for name in classes if hasattr(getattr(agnews_sk, name), "fit")}
    pipelines = {name for name in agnews_sk.__all__ if name.endswith("_pipeline")}
    # They take tokens, ids or matrices, and are checked as the last step of a pipeline; or they
    # hold another estimator, and take what that takes.
    elsewhere = {
        "PipelineSearchCV",
        "Vocabulary",
        "TransformerClassifier",
        "CalibratedLinearSVC",
        "CalibratedLogisticRegression",
        "make_tfidf_pipeline",
    }
    assert estimators | pipelines == (checked & (estimators | pipelines)) | elsewhere
