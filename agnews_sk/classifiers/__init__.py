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
    "BlockLoss": "_block_sums",
    "Coefficients": "_quasi_newton",
    "Kept": "_block_sums",
    "KeptInMemory": "_block_sums",
    "Margins": "_calibrated",
    "ROWS_TO_CALIBRATE_ON": "_calibrated",
    "RowBlock": "_block_sums",
    "RowBlocks": "_block_sums",
    "SumsOverBlocks": "_block_sums",
    "TextNetClassifier": "_base",
    "TrainingRows": "_fitting",
    "calibrate": "_calibration",
    "check_before_rows": "_on_files",
    "check_soft_labels": "_soft_labels",
    "first_step": "_wrapped",
    "finite": "_unseen",
    "fit_descent": "_block_descent",
    "fit_to_soft_labels": "_fitting",
    "fit_on": "_fitting",
    "hold_out": "_wrapped",
    "one_per_class": "_calibrated",
    "penalty_of_sparse": "_calibrated_logistic",
    "probabilities": "_fitting",
    "threshold_for_coverage": "_thresholds",
    "tokenizer_of_texts": "_on_files",
    "training_rows": "_fitting",
    "with_known": "_unseen",
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
