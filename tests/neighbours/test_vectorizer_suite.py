"""scikit-learn's own tests of its text vectorizers, run on `NgramVectorizer`.

The module of tests is imported from the installed scikit-learn, with `NgramVectorizer` in place of
`CountVectorizer` and `TfidfVectorizer`. A test passes, or is listed with the reason why it cannot.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction import text

from agnews_sk.vectorization import NgramVectorizer

SUITE = Path(text.__file__).parent / "tests" / "test_text.py"
calls: list[str] = []
"""The methods of a stand-in that the current test called."""


class TfidfVectorizer(NgramVectorizer, auto_wrap_output_keys=None):
    """`NgramVectorizer`, whose missing methods are those of scikit-learn."""

    fixed_vocabulary_ = False

    def fit(self, X, y=None):
        calls.append("fit")
        return super().fit(X, y)

    def fit_transform(self, X, y=None):
        calls.append("fit_transform")
        return super().fit_transform(X, y)

    def build_analyzer(self):
        return self._in_scikit_learn().build_analyzer()

    def build_preprocessor(self):
        return self._in_scikit_learn().build_preprocessor()

    def build_tokenizer(self):
        return self._in_scikit_learn().build_tokenizer()

    def get_stop_words(self):
        return self._in_scikit_learn().get_stop_words()

    def _in_scikit_learn(self):
        vectorizer = text.CountVectorizer()
        shared = self.get_params().keys() & vectorizer.get_params().keys()
        return vectorizer.set_params(**{name: getattr(self, name) for name in shared})


class CountVectorizer(TfidfVectorizer, auto_wrap_output_keys=None):
    """`NgramVectorizer` with the defaults of `CountVectorizer`."""

    def __init__(
        self,
        *,
        ngram_range=(1, 1),
        analyzer="word",
        lowercase=True,
        token_pattern=r"(?u)\b\w\w+\b",
        stop_words=None,
        min_df=1,
        max_df=1.0,
        max_features=None,
        binary=False,
        dtype=np.int64,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        vocabulary=None,
    ):
        super().__init__(
            ngram_range=ngram_range,
            analyzer=analyzer,
            lowercase=lowercase,
            token_pattern=token_pattern,
            stop_words=stop_words,
            min_df=min_df,
            max_df=max_df,
            max_features=max_features,
            binary=binary,
            use_idf=False,
            norm=None,
            dtype=dtype,
            strip_accents=strip_accents,
            preprocessor=preprocessor,
            tokenizer=tokenizer,
            vocabulary=vocabulary,
        )


READS_FILES = "input, encoding and decode_error read files and bytes; texts are str here"
FIXED = "a fixed vocabulary is not supported, and is rejected by name"
CALLABLES = "tokenizer, preprocessor and a callable analyzer are not supported"
PRIVATE = "looks at a private attribute of scikit-learn's class"
WORDING = "rejected too, with a message in other words"
IDF = "idf_ is what fit learned, and cannot be set"

# By the name of a test, with or without the beginning of its parameters.
LEFT_OUT = {
    "test_word_analyzer_unigrams[CountVectorizer]": READS_FILES,
    "test_unicode_decode_error": READS_FILES,
    "test_char_ngram_analyzer": READS_FILES,
    "test_char_wb_ngram_analyzer": READS_FILES,
    "test_word_ngram_analyzer": READS_FILES,
    "test_countvectorizer_custom_vocabulary": FIXED,
    "test_countvectorizer_custom_vocabulary_pipeline": FIXED,
    "test_countvectorizer_custom_vocabulary_repeated_indices": FIXED,
    "test_countvectorizer_custom_vocabulary_gap_index": FIXED,
    "test_countvectorizer_empty_vocabulary": FIXED,
    "test_countvectorizer_uppercase_in_vocab": FIXED,
    "test_vectorizer": "an iterator is no container of texts, and is rejected by its type",
    "test_tfidf_vectorizer_setters": PRIVATE,
    "test_feature_names": FIXED,
    "test_tfidf_vectorizer_with_fixed_vocabulary": FIXED,
    "test_pickling_vectorizer": CALLABLES,
    "test_countvectorizer_vocab_sets_when_pickling": FIXED,
    "test_countvectorizer_vocab_dicts_when_pickling": FIXED,
    "test_tfidf_vectorizer_setter": IDF,
    "test_tfidfvectorizer_invalid_idf_attr": IDF,
    "test_tfidfvectorizer_export_idf": PRIVATE,
    "test_vectorizer_vocab_clone": FIXED,
    "test_vectorizer_string_object_as_input[CountVectorizer]": WORDING,
    "test_vectorizer_string_object_as_input[TfidfVectorizer]": WORDING,
    "test_tfidf_vectorizer_type[int": "warns of the dtype too, in other words",
    "test_vectorizers_invalid_ngram_range[vec1]": WORDING,
    "test_vectorizers_invalid_ngram_range[vec2]": WORDING,
    "test_vectorizer_stop_words_inconsistent": PRIVATE,
    "test_countvectorizer_sort_features_64bit_sparse_indices": PRIVATE,
    "test_stop_word_validation_custom_preprocessor": PRIVATE,
    "test_callable_analyzer_error": READS_FILES,
    "test_callable_analyzer_change_behavior": READS_FILES,
    "test_callable_analyzer_reraise_error": READS_FILES,
    "test_unused_parameters_warn[None-<lambda>": CALLABLES,
    "test_unused_parameters_warn[None-None-<lambda>": CALLABLES,
    "test_unused_parameters_warn[None-None-None-ngram_range4-None-<lambda>": CALLABLES,
}
OF_OTHERS = {
    "test_strip_accents": "function",
    "test_to_ascii": "function",
    "test_word_analyzer_unigrams_and_bigrams": "build_analyzer",
    "test_countvectorizer_stop_words": "get_stop_words",
    "test_tf_transformer_feature_names_out": "TfidfTransformer",
    "test_tf_idf_smoothing": "TfidfTransformer",
    "test_tfidf_no_smoothing": "TfidfTransformer",
    "test_sublinear_tf": "TfidfTransformer",
    "test_hashing_vectorizer": "HashingVectorizer",
    "test_hashed_binary_occurrences": "HashingVectorizer",
    "test_pickling_built_processors": "build_analyzer",
    "test_hashingvectorizer_nan_in_docs": "HashingVectorizer",
    "test_tfidf_transformer_type": "TfidfTransformer",
    "test_tfidf_transformer_sparse": "TfidfTransformer",
    "test_vectorizers_invalid_ngram_range[vec0]": "HashingVectorizer",
    "test_nonnegative_hashing_vectorizer_result_indices": "HashingVectorizer",
    "test_vectorizers_do_not_have_set_output[TfidfTransformer]": "TfidfTransformer",
    "test_tfidf_transformer_copy": "TfidfTransformer",
    "test_hashing_vectorizer_requires_fit_tag": "HashingVectorizer",
    "test_hashing_vectorizer_transform_without_fit": "HashingVectorizer",
}
"""Tests that fit no stand-in, with what they are of."""
READ_UNFITTED = {"test_vectorizers_do_not_have_set_output"}


def import_suite():
    """Return scikit-learn's module of tests, in a copy that uses the stand-ins."""
    spec = importlib.util.spec_from_file_location("scikit_learn_test_text", SUITE)
    suite = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = suite  # its functions are pickled by name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CountVectorizer", CountVectorizer)
        patch.setattr(text, "TfidfVectorizer", TfidfVectorizer)
        spec.loader.exec_module(suite)
    return suite


def is_listed(name, listed):
    """Return whether a key is the name of this test, or its beginning from `[` on."""
    return any(name == key or name.startswith(key if "[" in key else f"{key}[") for key in listed)


tests = {n: f for n, f in vars(import_suite()).items() if n.startswith("test_")}
globals().update(tests)


def reason_left_out(name):
    """Return why a test is left out, or None."""
    if is_of_others(name):
        return None
    return next((LEFT_OUT[key] for key in LEFT_OUT if is_listed(name, [key])), None)


def is_of_others(name):
    """Return whether a test fits no stand-in."""
    return "HashingVectorizer" in name.partition("[")[2] or is_listed(name, OF_OTHERS)


@pytest.fixture(autouse=True)
def _expected(request):
    """Expect each test that is left out to fail, and any other to fit a stand-in and to pass."""
    name, of_function = request.node.name, request.node.originalname
    reason = reason_left_out(name)
    if reason:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    calls.clear()
    yield
    if of_function in tests and not reason and of_function not in READ_UNFITTED:
        assert bool(calls) != is_of_others(name), f"{name} calls {calls} of a stand-in"


def test_each_listed_test_is_in_the_suite(request):
    items = [item for item in request.session.items if item.path == request.node.path]
    if not set(tests) <= {item.originalname for item in items}:
        pytest.skip("only some tests of the suite are run")
    listed = {*LEFT_OUT, *OF_OTHERS, *READ_UNFITTED}
    assert [key for key in listed if not any(is_listed(i.name, [key]) for i in items)] == []
