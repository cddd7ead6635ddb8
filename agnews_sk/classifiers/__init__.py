"""Classifiers with `predict_proba`: linear ones, embeddings, transformers, two around others."""

from typing import TYPE_CHECKING

from agnews_sk._core.public import load_when_asked

if TYPE_CHECKING:
    from agnews_sk.classifiers._abstaining import AbstainingClassifier
    from agnews_sk.classifiers._calibrated_logistic import CalibratedLogisticRegression
    from agnews_sk.classifiers._embedding_bag import EmbeddingBagClassifier
    from agnews_sk.classifiers._finetuned import FineTunedTransformerClassifier
    from agnews_sk.classifiers._linear import CalibratedLinearSVC
    from agnews_sk.classifiers._scratch import TransformerClassifier
    from agnews_sk.classifiers._self_trained import SelfTrainedClassifier

# The linear classifiers do without torch.
_FILES = {
    "AbstainingClassifier": "_abstaining",
    "CalibratedLinearSVC": "_linear",
    "CalibratedLogisticRegression": "_calibrated_logistic",
    "EmbeddingBagClassifier": "_embedding_bag",
    "FineTunedTransformerClassifier": "_finetuned",
    "SelfTrainedClassifier": "_self_trained",
    "TransformerClassifier": "_scratch",
    # What other rooms need to wrap classifiers, or to fit one on files.
    "RowBlock": "_block_descent",
    "RowBlocks": "_block_descent",
    "TrainingRows": "_fitting",
    "calibrate": "_calibration",
    "check_classifier": "_by_blocks",
    "check_soft_labels": "_soft_labels",
    "first_step": "_wrapped",
    "fit_blocks": "_by_blocks",
    "fit_to_soft_labels": "_fitting",
    "fit_on": "_fitting",
    "hold_out": "_wrapped",
    "probabilities": "_fitting",
    "threshold_for_coverage": "_thresholds",
    "training_rows": "_fitting",
}

__all__ = [
    "AbstainingClassifier",
    "CalibratedLinearSVC",
    "CalibratedLogisticRegression",
    "EmbeddingBagClassifier",
    "FineTunedTransformerClassifier",
    "SelfTrainedClassifier",
    "TransformerClassifier",
]

__getattr__ = load_when_asked(__name__, _FILES)


def __dir__() -> list[str]:
    return __all__
