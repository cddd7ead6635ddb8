"""Estimators with one fault each, and the check that is meant for it."""

import time
import uuid

import numpy as np
import pandas as pd
import polars as pl
from sklearn.utils.validation import check_is_fitted

from agnews_sk.sampling import LengthFilter
from tests.testing.estimators import TextSize, WordBayes, WordCounter

FAULTY = {}


def meant_for(check):
    """Register a faulty estimator under its class name, with the check that must catch it."""

    def note(faulty):
        FAULTY[faulty.__name__] = (faulty, check)
        return faulty

    return note


@meant_for("check_tuple")
class TakesListsOnly(WordCounter):
    def _read(self, X):
        if isinstance(X, tuple):
            raise TypeError("X must be a list")
        return super()._read(X)


@meant_for("check_unicode_array")
class CutsFixedWidthArrays(WordCounter):
    def _read(self, X):
        fixed = isinstance(X, np.ndarray) and X.dtype.kind == "U"
        return super()._read(X.astype("U20") if fixed else X)


@meant_for("check_pandas_frame")
class ReadsColumnNamesAsTexts(WordCounter):
    def _read(self, X):
        return super()._read(list(X) if isinstance(X, pd.DataFrame) else X)


@meant_for("check_pandas_index")
class ReadsSeriesByLabel(WordCounter):
    def _read(self, X):
        if isinstance(X, pd.Series):
            X = [X.loc[label] for label in sorted(X.index)]
            X = [text if isinstance(text, str) else text.iloc[0] for text in X]
        return super()._read(X)


@meant_for("check_missing_text_in_predict")
class ConvertsMissingTextsToStr(WordCounter):
    def _read(self, X):
        return [str(text) for text in X] if isinstance(X, list) else super()._read(X)


@meant_for("check_empty_text")
class DividesByWords(TextSize):
    def transform(self, X):
        sizes = super().transform(X)
        with np.errstate(invalid="ignore", divide="ignore"):
            sizes[:, 0] /= sizes[:, 1]
        return sizes


@meant_for("check_astral_characters")
class SupportsOnePlane(WordCounter):
    def _split(self, text):
        if any(ord(letter) > 0xFFFF for letter in text):
            raise OverflowError("a character is too large")
        return super()._split(text)


@meant_for("check_lone_surrogates")
class EncodesAsUtf8(WordCounter):
    def _read(self, X):
        if isinstance(X, list):
            [text.encode() for text in X if isinstance(text, str)]
        return super()._read(X)


@meant_for("check_one_output_per_row")
class SkipsEmptyRows(TextSize):
    def transform(self, X):
        sizes = super().transform(X)
        return sizes[sizes[:, 0] > 0]


@meant_for("check_sample_order_invariance")
class ReturnsSortedOrder(TextSize):
    def transform(self, X):
        return np.sort(super().transform(X), axis=0)


@meant_for("check_batch_invariance")
class ScalesByTheBatch(TextSize):
    def transform(self, X):
        sizes = super().transform(X)
        return sizes / sizes.max(axis=0).clip(min=1)


@meant_for("check_duplicate_texts")
class LeavesDropoutOn(TextSize):
    def transform(self, X):
        sizes = super().transform(X)
        return sizes * np.random.default_rng(0).binomial(1, 0.5, size=sizes.shape)


@meant_for("check_predict_is_stateless")
class KeepsARunningMaximum(TextSize):
    def fit(self, X, y=None):
        super().fit(X)
        self.largest_ = np.zeros(2)
        return self

    def transform(self, X):
        sizes = super().transform(X)
        self.largest_ += sizes.sum(axis=0)
        return sizes / self.largest_


@meant_for("check_outputs_are_not_shared")
class ReturnsItsCache(TextSize):
    def fit(self, X, y=None):
        super().fit(X)
        self.cache_ = {}
        return self

    def transform(self, X):
        key = tuple(X)
        if key not in self.cache_:
            self.cache_[key] = super().transform(X)
        return self.cache_[key]


@meant_for("check_predict_sets_no_attributes")
class KeepsItsInput(TextSize):
    def transform(self, X):
        self.last_ = super().transform(X)
        return self.last_.copy()


@meant_for("check_constructor_stores_parameters")
class ConvertsItsArguments(WordCounter):
    def __init__(self, *, lowercase=True, min_count=1, stop_words=None):
        super().__init__(lowercase=bool(lowercase), min_count=min_count, stop_words=stop_words)


@meant_for("check_parameters_unchanged")
class OverwritesAParameter(WordCounter):
    def fit(self, X, y=None):
        self.stop_words = self.stop_words or ["the"]
        return super().fit(X)


@meant_for("check_set_params_after_fit")
class ReusesTheFirstPattern(WordCounter):
    def fit(self, X, y=None):
        if not hasattr(self, "lowercase_"):
            self.lowercase_ = self.lowercase
        return super().fit(X)

    def _split(self, text):
        return super()._split(text.lower() if self.lowercase_ else text)


@meant_for("check_invalid_parameters")
class TakesAnyParameter(WordCounter):
    def _validate_params(self):
        pass

    def _split(self, text):
        return text.split()

    def fit(self, X, y=None):
        words = [word for text in self._read(X) for word in self._split(text)]
        self.vocabulary_ = {word: i for i, word in enumerate(sorted(set(words)))}
        return self


@meant_for("check_refit_discards_first_fit")
class AddsToItsVocabulary(WordCounter):
    def fit(self, X, y=None):
        before = getattr(self, "vocabulary_", {})
        super().fit(X)
        self.vocabulary_ = {w: i for i, w in enumerate(sorted({*before, *self.vocabulary_}))}
        return self


@meant_for("check_refit_attributes")
class LeavesAnAttributeBehind(WordCounter):
    def fit(self, X, y=None):
        if isinstance(X, pd.Series):
            self.name_ = X.name
        return super().fit(X)


@meant_for("check_fitted_attribute_names")
class LearnsWithoutUnderscore(WordCounter):
    def fit(self, X, y=None):
        self.n_texts = len(X)
        return super().fit(X)


@meant_for("check_fit_returns_self")
class FitReturnsNothing(WordCounter):
    def fit(self, X, y=None):
        super().fit(X)

    def fit_transform(self, X, y=None):
        self.fit(X)
        return self.transform(X)


@meant_for("check_lists_unchanged")
class LowersListsInPlace(WordCounter):
    def _read(self, X):
        if isinstance(X, list):
            X[:] = [text.lower() if isinstance(text, str) else text for text in X]
        return super()._read(X)


@meant_for("check_arrays_unchanged")
class FillsArraysInPlace(WordCounter):
    def _read(self, X):
        if isinstance(X, np.ndarray) and X.dtype == object:
            X[X == None] = ""  # noqa: E711
        return super()._read(X)


@meant_for("check_series_unchanged")
class ResetsTheIndex(WordCounter):
    def _read(self, X):
        if isinstance(X, pd.Series):
            X.index = range(len(X))
        return super()._read(X)


@meant_for("check_unfitted")
class RaisesAttributeErrorBeforeFit(WordCounter):
    def transform(self, X):
        len(self.vocabulary_)
        return super().transform(X)


@meant_for("check_pickle")
class HoldsALambda(WordCounter):
    def fit(self, X, y=None):
        self.lower_ = lambda text: text.lower()
        return super().fit(X)


@meant_for("check_deepcopy")
class SharesWhatItLearns(WordCounter):
    shared = {}

    def fit(self, X, y=None):
        super().fit(X)
        self.shared["vocabulary"] = self.vocabulary_
        return self

    def transform(self, X):
        check_is_fitted(self)
        self.vocabulary_ = self.shared["vocabulary"]
        return super().transform(X)


@meant_for("check_fit_reproducible")
class IgnoresItsSeed(WordBayes):
    def _generator(self):
        return np.random.default_rng()


@meant_for("check_global_random_state")
class SeedsEverything(WordBayes):
    def _generator(self):
        np.random.seed(self.random_state)  # noqa: NPY002
        return np.random.mtrand._rand


@meant_for("check_integer_labels")
class ConvertsItsLabelsToStr(WordBayes):
    def _encode(self, y):
        return np.unique(np.asarray(y).astype(str), return_inverse=True)


@meant_for("check_classes")
class KeepsTheOrderOfAppearance(WordBayes):
    def _encode(self, y):
        codes, classes = pd.factorize(np.asarray(y))
        return classes, codes


@meant_for("check_nullable_labels")
class LeavesNullableLabelsBoxed(WordBayes):
    def _encode(self, y):
        nullable = isinstance(y, pd.Series) and isinstance(y.dtype, pd.BooleanDtype)
        return (
            np.unique(y.to_numpy(object), return_inverse=True) if nullable else super()._encode(y)
        )


@meant_for("check_numeric_categories")
class LeavesCategoriesBoxed(WordBayes):
    def _encode(self, y):
        boxed = isinstance(y, pd.Series) and y.dtype == "category"
        return np.unique(y.to_numpy(object), return_inverse=True) if boxed else super()._encode(y)


@meant_for("check_object_dtype_labels")
class LeavesObjectsBoxed(WordBayes):
    def _encode(self, y):
        boxed = isinstance(y, np.ndarray) and y.dtype == object
        return np.unique(y, return_inverse=True) if boxed else super()._encode(y)


@meant_for("check_string_dtype_labels")
class LacksStringDType(WordBayes):
    def _encode(self, y):
        if isinstance(y, np.ndarray) and y.dtype.kind == "T":
            raise TypeError("y must not be of StringDType")
        return super()._encode(y)


@meant_for("check_polars_and_arrow_labels")
class UsesCategoryCodesAsLabels(WordBayes):
    def _encode(self, y):
        coded = isinstance(y, pl.Series) and y.dtype == pl.Enum
        return super()._encode(y.to_physical() if coded else y)


@meant_for("check_missing_label_position")
class OmitsThePositionOfAMissingLabel(WordBayes):
    def _check_labels(self, X, y):
        try:
            super()._check_labels(X, y)
        except ValueError as error:
            raise ValueError(str(error).partition(", at")[0]) from None


@meant_for("check_has_predict_log_proba")
class HasNoLogarithms(WordBayes):
    predict_log_proba = property()

    def predict_proba(self, X):
        return np.exp(super().predict_log_proba(X))


@meant_for("check_categorical_texts")
class UsesCategoryCodesAsTexts(WordCounter):
    def _read(self, X):
        if isinstance(X, pd.Series) and X.dtype == "category":
            X = X.cat.codes.astype(str)
        return super()._read(X)


@meant_for("check_arrow_texts")
class LacksArrow(WordCounter):
    def _read(self, X):
        if isinstance(X, pd.Series) and isinstance(X.dtype, pd.ArrowDtype):
            raise TypeError("X must not be of Arrow")
        return super()._read(X)


@meant_for("check_frame_row")
class JoinsColumns(WordCounter):
    def _read(self, X):
        if isinstance(X, pd.DataFrame) and X.shape[1] == 2:
            X = X.iloc[:, 0] + X.iloc[:, 1]
        return super()._read(X)


@meant_for("check_label_containers")
class ReadsLabelsByLabel(WordBayes):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, [y[i] for i in range(len(y))], sample_weight)


@meant_for("check_predict_proba_columns")
class ReversesItsColumns(WordBayes):
    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


@meant_for("check_predict_proba")
class DoesNotNormalize(WordBayes):
    def predict_proba(self, X):
        return np.exp(self._log_joint(X))


@meant_for("check_one_class")
class CrashesOnOneClass(WordBayes):
    def _check_labels(self, X, y):
        if len(set(y)) < 2:
            raise IndexError("index 1 is out of bounds for axis 0 with size 1")
        super()._check_labels(X, y)


@meant_for("check_inconsistent_length")
class ZipsToTheShorter(WordBayes):
    def fit(self, X, y, sample_weight=None):
        n = None if y is None else min(len(X), len(y))
        return super().fit(X[:n], y if y is None else y[:n], sample_weight)


@meant_for("check_sample_weight_equivalence")
class IgnoresWeights(WordBayes):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


@meant_for("check_sample_weight_length")
class RepeatsItsWeights(WordBayes):
    def fit(self, X, y, sample_weight=None):
        weight = None if sample_weight is None else np.resize(sample_weight, len(X))
        return super().fit(X, y, weight)


@meant_for("check_feature_names")
class NamesTooMuch(WordCounter):
    def get_feature_names_out(self, input_features=None):
        return np.append(super().get_feature_names_out(), "bias")


@meant_for("check_n_features_out")
class DropsEmptyColumns(TextSize):
    def transform(self, X):
        sizes = super().transform(X)
        return sizes[:, sizes.any(axis=0)]


@meant_for("check_set_output_pandas")
class IgnoresSetOutput(TextSize, auto_wrap_output_keys=None):
    def set_output(self, *, transform=None):
        return self


@meant_for("check_fit_transform")
class FitTransformDiffers(WordCounter):
    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X) * 2


@meant_for("check_bare_str")
class ReadsLettersAsTexts(WordCounter):
    def _read(self, X):
        return super()._read(list(X) if isinstance(X, str) else X)


@meant_for("check_numbers")
class RejectsWithoutAReason(WordCounter):
    def _read(self, X):
        try:
            return super()._read(X)
        except TypeError:
            raise TypeError("bad X") from None


@meant_for("check_predict_in_threads")
class HoldsTheBatch(TextSize):
    def transform(self, X):
        self.batch_ = X
        time.sleep(0.002)
        return super().transform(self.batch_)


LEARNED_HERE = {}


@meant_for("check_predict_in_processes")
class KeepsItsVocabularyInTheProcess(WordCounter):
    def fit(self, X, y=None):
        super().fit(X)
        self.key_ = uuid.uuid4().hex
        LEARNED_HERE[self.key_] = self.vocabulary_
        return self

    def transform(self, X):
        check_is_fitted(self)
        self.vocabulary_ = LEARNED_HERE[self.key_]
        return super().transform(X)


@meant_for("check_sampler_labels")
class LeavesLabelsBehind(LengthFilter):
    def fit_resample(self, X, y=None, sample_weight=None):
        X_out, _, *weights = super().fit_resample(X, y, sample_weight)
        return X_out, y[: len(X_out)], *weights


@meant_for("check_sampler_weights")
class LosesWeights(LengthFilter):
    def fit_resample(self, X, y=None, sample_weight=None):
        return super().fit_resample(X, y)


@meant_for("check_sampler_container")
class MakesListsOfEverything(LengthFilter):
    def fit_resample(self, X, y=None, sample_weight=None):
        X_out, y_out, *weights = super().fit_resample(X, y, sample_weight)
        return list(X_out), y_out, *weights


@meant_for("check_sampler_in_fit_only")
class SamplesInPredictToo(LengthFilter):
    def transform(self, X):
        return self.fit_resample(X)[0]
