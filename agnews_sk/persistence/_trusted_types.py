"""Types and functions that may be in a `pipeline.skops`: a list that no file can change."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

_OURS = (
    "agnews_sk.classifiers.AbstainingClassifier",
    "agnews_sk.classifiers.FineTunedTransformerClassifier",
    "agnews_sk.classifiers.EmbeddingBagClassifier",
    "agnews_sk.classifiers.CalibratedLinearSVC",
    "agnews_sk.classifiers.CalibratedLogisticRegression",
    "agnews_sk.classifiers.SelfTrainedClassifier",
    "agnews_sk.classifiers.TransformerClassifier",
    "agnews_sk.cleaning.TextCleaner",
    "agnews_sk.cleaning.ColumnJoiner",
    "agnews_sk.cleaning.MixedColumnJoiner",
    "agnews_sk.ensembles.CascadeClassifier",
    "agnews_sk.ensembles.DistilledClassifier",
    "agnews_sk.pipeline.TextPipeline",
    "agnews_sk.sampling.EDAAugmenter",
    "agnews_sk.sampling.SamplerChain",
    "agnews_sk.sampling.DuplicateFilter",
    "agnews_sk.sampling.LabelConflictFilter",
    "agnews_sk.sampling.MaskFilter",
    "agnews_sk.sampling.LengthFilter",
    "agnews_sk.sampling.MissingTextFilter",
    "agnews_sk.tokenization.PretrainedTokenizer",
    "agnews_sk.tokenization.SubwordTokenizer",
    "agnews_sk.tokenization.Vocabulary",
    "agnews_sk.tokenization.WordTokenizer",
    "agnews_sk.vectorization.DateEncoder",
    "agnews_sk.vectorization.MixedVectorizer",
    "agnews_sk.vectorization.NumberEncoder",
    "agnews_sk.vectorization.SentenceEmbedder",
    "agnews_sk.vectorization.StaticEmbedder",
    "agnews_sk.vectorization.NgramTable",
    "agnews_sk.vectorization.NgramUnion",
    "agnews_sk.vectorization.NgramVectorizer",
)
# Those of scikit-learn whose state is arrays and numbers that only numpy and scipy compute with:
# trees, neighbours and kernel machines read positions from their state without looking.
_SCIKIT_LEARN = (
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.decomposition._truncated_svd.TruncatedSVD",
    "sklearn.dummy.DummyClassifier",
    "sklearn.ensemble._stacking.StackingClassifier",
    "sklearn.ensemble._voting.VotingClassifier",
    "sklearn.feature_extraction.text.CountVectorizer",
    "sklearn.feature_extraction.text.HashingVectorizer",
    "sklearn.feature_extraction.text.TfidfTransformer",
    "sklearn.feature_extraction.text.TfidfVectorizer",
    "sklearn.feature_selection._from_model.SelectFromModel",
    "sklearn.feature_selection._univariate_selection.GenericUnivariateSelect",
    "sklearn.feature_selection._univariate_selection.SelectFdr",
    "sklearn.feature_selection._univariate_selection.SelectFpr",
    "sklearn.feature_selection._univariate_selection.SelectFwe",
    "sklearn.feature_selection._univariate_selection.SelectKBest",
    "sklearn.feature_selection._univariate_selection.SelectPercentile",
    "sklearn.feature_selection._variance_threshold.VarianceThreshold",
    "sklearn.frozen._frozen.FrozenEstimator",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.linear_model._logistic.LogisticRegressionCV",
    "sklearn.linear_model._ridge.RidgeClassifier",
    "sklearn.naive_bayes.BernoulliNB",
    "sklearn.naive_bayes.ComplementNB",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.naive_bayes.MultinomialNB",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MaxAbsScaler",
    "sklearn.preprocessing._data.Normalizer",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._encoders.OneHotEncoder",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.preprocessing._label.LabelBinarizer",
    "sklearn.preprocessing._label.LabelEncoder",
    "sklearn.svm._classes.LinearSVC",
    "imblearn.pipeline.Pipeline",
)
TRUSTED = frozenset((*_OURS, *_SCIKIT_LEARN))

# Functions that a selector calls in `fit`, with arrays. Elsewhere they might be called with more.
_SELECTION = "sklearn.feature_selection"
SCORE_FUNCTIONS = frozenset(
    {
        f"{_SELECTION}._mutual_info.mutual_info_classif",
        f"{_SELECTION}._mutual_info.mutual_info_regression",
        f"{_SELECTION}._univariate_selection.chi2",
        f"{_SELECTION}._univariate_selection.f_classif",
        f"{_SELECTION}._univariate_selection.f_regression",
        f"{_SELECTION}._univariate_selection.r_regression",
    }
)

Trusted = Sequence[str | type | Callable[..., Any]]


def name_of(named: Any) -> str:
    """Return the full name under which a type or a function is saved.

    Parameters
    ----------
    named : type or callable

    Returns
    -------
    str
        Its module and name. Functions of `scipy.special` do not record their module, so it is
        looked up among the imported ones.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from agnews_sk.persistence._trusted_types import name_of
    >>> name_of(LogisticRegression), name_of(np.log1p)
    ('sklearn.linear_model._logistic.LogisticRegression', 'numpy.log1p')
    """
    name = named.__name__
    module = getattr(named, "__module__", None)
    if module is None:  # functions of scipy.special have no module
        modules = sys.modules.copy().items()
        module = next((key for key, m in modules if getattr(m, name, None) is named), "__main__")
    return f"{module}.{name}"


def names_of(trusted: Trusted) -> list[str]:
    """Return the full names of the types and functions that a caller trusts.

    Parameters
    ----------
    trusted : sequence of str, type or callable
        Texts are names already, or regular expressions, and are returned as they are.

    Returns
    -------
    list of str
    """
    return [one if isinstance(one, str) else name_of(one) for one in trusted]
