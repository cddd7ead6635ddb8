"""Forged models, made and loaded one by one: python -m tests.persistence.forged FOLDER

Prints the name of each case before it is loaded, and how it ended after: a case that ends the
process is the last one named.
"""

import copy
import io
import json
import resource
import shutil
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import skops.io
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, chi2, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, StandardScaler
from sklearn.svm import LinearSVC

from agnews_sk import CascadeClassifier, DistilledClassifier, make_tfidf_pipeline
from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.persistence import ArtifactError, load, save
from agnews_sk.tokenization import SubwordTokenizer, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer
from tests.persistence.forging import write_sum
from tests.persistence.watching import only_the_model_is_read

TEXTS = ["oil price rises", "cup final", "oil stocks up", "final cup won"] * 2
Y = ["a", "b"] * 4
SLOW = r"(\w+\s?)*x"
SECONDS = 20


def fitted(*steps, classify=None):
    return make_pipeline(*steps, classify or LogisticRegression()).fit(TEXTS, Y)


def generator():
    state = np.random.RandomState(0).get_state()
    made = np.random.RandomState()
    made.set_state((*state[:2], 2**30, *state[3:]))
    return made


def array_of(*values):
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def put(model, step, **attributes):
    vars(model[step]).update(attributes)
    return model


# --- state keys -------------------------------------------------------------------------------
KEYS = {
    "__sklearn_is_fitted__": bool, "__class__": "x", "__dict__": {}, "_parameter_constraints": {},
    "_validate_params": str, "_parts_folder": "", "_skl_callbacks": [1], "_levels": [], "evil": 1,
    "predict_proba": str, "transform": float, "fit": int, "get_params": dict, "coefs": [1.0],
    "tokenizer_json_": "{}", "net_": None,
}  # fmt: skip
CARRIERS = {
    "count": CountVectorizer, "ngrams": NgramVectorizer, "tfidf": TfidfVectorizer,
    "hashing": lambda: HashingVectorizer(n_features=64),
}  # fmt: skip


def state_keys():
    for carrier, make in CARRIERS.items():
        for key, value in KEYS.items():
            yield f"{key} of {carrier}", put(fitted(make()), 0, **{key: value})
    for key in ("evil", "decision_function", "__sklearn_tags__"):
        yield f"{key} of the classifier", put(fitted(CountVectorizer()), -1, **{key: 1})
        yield f"{key} of the pipeline", put_on(fitted(CountVectorizer()), key)
    selected = fitted(CountVectorizer(), SelectKBest(chi2, k=2))
    yield "method of a selector", put(selected, 1, _get_support_mask=[True])


def put_on(model, key):
    vars(model)[key] = 1
    return model


# --- containers -------------------------------------------------------------------------------
HIDDEN = {
    "file": lambda: HashingVectorizer(input="filename"),
    "open file": lambda: CountVectorizer(input="file"),
    "column outside": lambda: CountVectorizer(vocabulary={"oil": 2**30}),
    "processes": lambda: FeatureUnion([("a", CountVectorizer())], n_jobs=64),
    "cache": lambda: make_tfidf_pipeline(memory="/tmp/evil"),
    "random numbers": generator,
    "endless pattern": lambda: WordTokenizer(pattern=SLOW),
}
CONTAINERS = {
    "list": lambda x: [x], "tuple": lambda x: (1, (x,)), "dict": lambda x: {"a": x},
    "dict in a list": lambda x: [{"a": [x]}], "array": lambda x: array_of("a", x),
    "array in a tuple": lambda x: (array_of(x, 1),), "set": lambda x: {x},
}  # fmt: skip


def containers():
    for container, wrap in CONTAINERS.items():
        for name, make in HIDDEN.items():
            model = put(fitted(CountVectorizer()), 0, stop_words=wrap(make()))
            yield f"{name} in a {container}", model
    named = VotingClassifier([("a", MultinomialNB())])
    model = fitted(CountVectorizer(), classify=named)
    model[-1].named_estimators_["b"] = HashingVectorizer(input="filename")
    yield "file among named estimators", model
    union = fitted(FeatureUnion([("a", CountVectorizer())]))
    pair = array_of("a", union[0].transformer_list[0][1])
    yield "steps as an array", put(union, 0, transformer_list=pair.reshape(1, 2))


# --- unfitted parts, and values that act ------------------------------------------------------
def unfitted(**parameters):
    return fitted_without(CountVectorizer(vocabulary={"oil": 0, "cup": 1}), **parameters)


def fitted_without(vectorizer, **parameters):
    model = fitted(vectorizer)
    for name in [name for name in vars(vectorizer) if name.endswith("_")]:
        delattr(vectorizer, name)
    return put(model, 0, **parameters)


def values():
    for name, vocabulary in {
        "outside": {"oil": 2**30, "cup": 1}, "negative": {"oil": -5, "cup": 1},
        "twice": {"oil": 1, "cup": 1}, "no number": {"oil": "0", "cup": 1},
        "truth": {"oil": False, "cup": True}, "half": {"oil": 0.0, "cup": 1.0},
        "numbers": [0, 1], "a gap": {"oil": 0, "cup": 2},
    }.items():  # fmt: skip
        yield f"unfitted vocabulary: {name}", unfitted(vocabulary=vocabulary)
        yield f"vocabulary: {name}", put(fitted(TfidfVectorizer()), 0, vocabulary_=vocabulary)
    hashing = HashingVectorizer(n_features=64)
    hashed = fitted(clone(hashing))
    yield "unfitted: names of files", unfitted(input="filename")
    yield "stateless: open files", put(hashed, 0, input="file")
    for name in ("tokenizer", "preprocessor", "analyzer"):
        yield f"type as a {name}", unfitted(**{name: int})
        yield f"function as a {name}", unfitted(**{name: chi2})
    yield "endless n-grams", unfitted(ngram_range=(1, 10**9))
    yield "n-grams of three", unfitted(ngram_range=(1, 2, 3))
    for step in (CountVectorizer(), TfidfVectorizer(), NgramVectorizer(), hashing):
        kind = type(step).__name__
        yield f"pattern of {kind}", put(fitted(clone(step)), 0, token_pattern=SLOW)
        yield f"text of a dtype in {kind}", put(fitted(clone(step)), 0, dtype="U100000000")
    processes = {"y": [0, 1] * 4, "n_jobs": 64}
    yield (
        "function with processes",
        put(
            fitted(CountVectorizer(), FunctionTransformer()),
            1,
            func=mutual_info_classif,
            kw_args=processes,
        ),
    )
    yield (
        "weights of an array",
        put(
            fitted(FeatureUnion([("a", CountVectorizer())])),
            0,
            transformer_weights={"a": np.ones((1, 1000))},
        ),
    )
    yield (
        "features of another number",
        put(fitted(CountVectorizer(), MaxAbsScaler()), 1, scale_=np.ones((1000, 1000))),
    )
    stacked = StackingClassifier([("a", MultinomialNB())], cv=2)
    yield (
        "method that fits",
        put(fitted(CountVectorizer(), classify=stacked), -1, stack_method_=["fit"]),
    )
    yield (
        "text that predicts",
        put(
            fitted(CountVectorizer(), classify=stacked),
            -1,
            estimators_=["oil"],
            stack_method_=["format"],
        ),
    )
    voting = VotingClassifier([("a", MultinomialNB())])
    model = fitted(CountVectorizer(), classify=voting)
    yield (
        "votes for a value that is not a class",
        put_in(model, lambda m: vars(m[-1].estimators_[0]).update(classes_=np.array([0, 2**40]))),
    )
    dummy = DummyClassifier()
    yield "endless classes", put(fitted(CountVectorizer(), classify=dummy), -1, n_classes_=10**10)
    yield (
        "endless outputs",
        put(fitted(CountVectorizer(), classify=DummyClassifier()), -1, n_outputs_=10**10),
    )
    wide = np.array(["a", "b" * 10**5])
    yield "long labels", put(fitted(CountVectorizer()), -1, classes_=wide)
    yield (
        "coefficients of other features",
        put(fitted(CountVectorizer(), classify=LinearSVC()), -1, coef_=np.ones((1, 3))),
    )
    yield (
        "probabilities of other features",
        put(
            fitted(CountVectorizer(), classify=BernoulliNB()), -1, feature_log_prob_=np.ones((2, 3))
        ),
    )
    one = fitted(CountVectorizer(), FunctionTransformer(), classify=MultinomialNB())
    dense = GaussianNB().fit(np.ones((4, 1)), [0, 1, 0, 1])
    dense.theta_ = np.ones((2, 10**5))
    yield "means of one feature", put_in(one, lambda m: m.steps.append(("c", dense)))
    scaled = fitted(CountVectorizer(), StandardScaler(with_mean=False))
    yield "scale of one feature", put(scaled, 1, scale_=np.ones(1))
    selected = SelectFromModel(LogisticRegression())
    yield (
        "importances by a path",
        put(fitted(CountVectorizer(), selected), 1, importance_getter="fit.__globals__"),
    )
    calibrated = CalibratedClassifierCV(MultinomialNB(), cv=2)
    model = fitted(CountVectorizer(), classify=calibrated)
    yield (
        "calibration by a text",
        put_in(model, lambda m: vars(m[-1].calibrated_classifiers_[0]).update(estimator="oil")),
    )
    yield from labels()
    frame = make_tfidf_pipeline().fit(TEXTS, Y)
    yield "endless separator", put_in(frame, lambda m: setattr(m["join"], "separator", "x" * 10**6))
    yield "step of a text", put_in(frame, lambda m: m.steps.__setitem__(3, ("clean", "oil")))
    yield "steps of a dict", put_in(frame, lambda m: setattr(m, "steps", dict(m.steps)))
    yield (
        "columns with a gap",
        put_in(
            frame,
            lambda m: setattr(
                m["vectorize"].words_._table, "columns", m["vectorize"].words_._table.columns * 0
            ),
        ),
    )
    yield (
        "weights of another type",
        put_in(frame, lambda m: setattr(m["vectorize"].words_, "_weights", make_tfidf_pipeline())),
    )
    parts = [("a", make_tfidf_pipeline()), ("b", make_tfidf_pipeline())]
    cascade = CascadeClassifier(parts, max_passed=0.5, random_state=0).fit(TEXTS, Y)
    for name, value in [
        ("confidence_thresholds_", np.zeros(3)),
        ("temperatures_", np.array([1.0, 0.0])),
        ("names_", ["a"]),
        ("estimators_", [make_tfidf_pipeline(), CountVectorizer()]),
        ("estimators_", cascade.estimators_[:1]),
        ("temperatures_", np.array([1.0, np.inf])),
        ("names_", ["a", "a"]),
        ("names_", ["a", "?" * 10**6]),
        ("classes_", np.array(["a", "c"], dtype=object)),
    ]:
        changed = copy.deepcopy(cascade)
        setattr(changed, name, value)
        yield f"cascade with other {name}", changed
    distilled = DistilledClassifier(make_tfidf_pipeline(), make_tfidf_pipeline(), n_folds=2)
    distilled.fit(TEXTS, Y).set_params(teacher=None)
    for name, value in [
        ("teacher", make_tfidf_pipeline()),
        ("teacher_accuracy_", 2.0),
        ("teacher_accuracy_", "much"),
        ("classes_", np.array(["a", "c"], dtype=object)),
        ("estimator_", CountVectorizer()),
        ("cache_dir", "folder"),
    ]:
        changed = copy.deepcopy(distilled)
        setattr(changed, name, value)
        yield f"student with other {name}", changed
    abstaining = AbstainingClassifier(make_tfidf_pipeline(), coverage=0.5).fit(TEXTS, Y)
    yield "endless label", put_in(abstaining, lambda m: setattr(m, "abstain_label", "?" * 10**6))
    yield "label of many", put_in(abstaining, lambda m: setattr(m, "abstain_label", [1, 2]))
    yield (
        "generator of numbers",
        put(fitted(CountVectorizer()), -1, random_state=np.random.default_rng(0)),
    )


def put_in(model, change):
    model = copy.deepcopy(model)
    change(model)
    return model


# --- the document itself ----------------------------------------------------------------------
def node(loader, kind, **more):
    module, _, name = kind.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def of_list(number, *content):
    return node("ListNode", "builtins.list", __id__=number, content=list(content))


def of_text(text, number=0):
    return node("JsonNode", "builtins.str", __id__=number, content=text, is_json=True)


def laughing(depth):
    """Lists within lists, each of ten times the one before, by its number alone."""
    inner = of_list(1, of_text("1"))
    for number in range(2, depth):
        inner = of_list(number, inner, *[of_list(number - 1)] * 9)
    return inner


def documents(schema):
    """Yield changes of a schema, in which the stop words of the vectorizer may be anything."""

    def stop_words(value):
        def change(schema):
            vectorizer(schema)["content"]["stop_words"] = value

        return change

    def vectorizer(schema):
        steps = schema["content"]["content"]["steps"]["content"]
        return steps[0]["content"][1]["content"]

    def key_types(change):
        def changed(schema):
            change(vectorizer(schema)["key_types"]["content"])

        return changed

    def twice(schema):
        state = vectorizer(schema)
        bad = {**state, "content": {**state["content"], "evil": of_text("1")}, "__id__": 77}
        schema["content"]["content"]["memory"] = bad
        state["__id__"] = 77

    array = node("NdArrayNode", "numpy.ndarray", type="numpy", file="12345.npy", __id__=12345)
    text = node("TypeNode", "builtins.str", __id__=9)
    yield "lists of lists by number", stop_words(laughing(60))
    yield "list within itself", stop_words(of_list(8, of_list(8)))
    yield "lists without end", stop_words(nested(5_000))
    yield "container as a text", stop_words(of_text("[[1]]"))
    yield "object of two descriptions", twice
    yield "one array many times", stop_words(of_list(5, *[of_list(0, array)] * 1_000))
    yield "types of keys by number", stop_words(of_list(id_of_keys(schema), of_text('"oil"')))
    yield (
        "key of another type",
        key_types(lambda kinds: kinds.__setitem__(0, node("TypeNode", "builtins.bool", __id__=9))),
    )
    yield (
        "key made by a function",
        key_types(lambda kinds: kinds.__setitem__(0, node("FunctionNode", "os.system", __id__=9))),
    )
    yield "keys without types", key_types(lambda kinds: kinds.pop())
    yield "more types than keys", key_types(lambda kinds: kinds.append(text))
    yield "lost parameter", lambda s: lose(vectorizer(s), "input")
    yield (
        "lost state",
        lambda s: s["content"]["content"]["steps"]["content"][0]["content"][1].pop("content"),
    )
    yield (
        "state of a list",
        lambda s: s["content"]["content"]["steps"]["content"][0]["content"][1].update(
            content=of_list(3)
        ),
    )
    yield (
        "array of another file",
        stop_words(
            node("NdArrayNode", "numpy.ndarray", type="numpy", file="schema.json", __id__=4)
        ),
    )
    yield "type by its number", stop_words(node("TypeNode", "builtins.str", __id__=4))
    yield (
        "class as a function",
        stop_words(node("FunctionNode", "sklearn.naive_bayes.GaussianNB", __id__=4)),
    )
    yield (
        "class as a type",
        stop_words(node("TypeNode", "sklearn.naive_bayes.GaussianNB", __id__=4)),
    )
    yield (
        "default dict",
        stop_words(
            node(
                "DefaultDictNode",
                "collections.defaultdict",
                content={
                    "main": node("DictNode", "builtins.dict", content={}, key_types=of_list(6)),
                    "default_factory": text,
                },
            )
        ),
    )
    yield (
        "slice",
        stop_words(node("SliceNode", "builtins.slice", content={"start": 0, "stop": 1, "step": 1})),
    )
    yield "bytes", stop_words(node("BytesNode", "builtins.bytes", file="schema.json"))


def nested(depth):
    inner = of_text("1")
    for _ in range(depth):
        inner = of_list(0, inner)
    return inner


def id_of_keys(schema):
    return schema["content"]["key_types"]["__id__"]


def lose(state, name):
    position = list(state["content"]).index(name)
    del state["content"][name]
    state["key_types"]["content"].pop(position)


# --- tokenizers -------------------------------------------------------------------------------
TRUNCATION = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
ROW = {"Sequence": {"id": "A", "type_id": 0}}


def linear():
    return fitted(CountVectorizer(), classify=LinearSVC())


def labels():
    """Models whose predictions fail, or are not labels."""
    coefficients = linear()[-1].coef_
    yield "coefficients of texts", put(linear(), -1, coef_=coefficients.astype("U8"))
    yield "endless coefficients", put(linear(), -1, coef_=np.full_like(coefficients, np.inf))
    yield "endless coefficients alone", put(linear(), -1, coef_=coefficients + np.inf)[-1]
    yield "pattern of two groups", put(linear(), 0, token_pattern="(oil)(cup)")
    yield "encoding of domains", put(linear(), 0, encoding="idna")
    yield (
        "no features",
        put(
            fitted(CountVectorizer(), SelectFromModel(LinearSVC()), classify=LinearSVC()),
            1,
            threshold="1e9*mean",
        ),
    )
    yield (
        "many features",
        put(fitted(CountVectorizer(), SelectKBest(chi2, k=2), classify=LinearSVC()), 1, k=10**12),
    )
    voting = VotingClassifier([("a", MultinomialNB()), ("b", DummyClassifier())])
    voted = fitted(CountVectorizer(), classify=voting)
    yield "weights of one", put(copy.deepcopy(voted), -1, weights=[1.0])
    constant = {"strategy": "constant", "_strategy": "constant"}
    for name, label in {"two": ["a", "b"], "long": "a" * 10**6, "none": None, "number": 0}.items():
        dummy = fitted(CountVectorizer(), classify=DummyClassifier())
        yield f"constant: {name}", put(dummy, -1, **constant, constant=label)
        alone = DummyClassifier().fit(np.zeros((2, 1)), ["a", "b"])
        vars(alone).update(constant, constant=label)
        yield f"constant alone: {name}", alone
    for label in (2 * 10**8, -1, "a"):
        model = copy.deepcopy(voted)
        vars(model[-1].estimators_[1]).update(constant, constant=label)
        yield f"constant in a vote: {label}", model


CLS = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}


def template(*single, ids=(2,)):
    tokens = {"[CLS]": {"id": "[CLS]", "ids": list(ids), "tokens": ["[CLS]"] * len(ids)}}
    return {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": list(single),
            "pair": [ROW, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": tokens,
        }
    }


def added(**more):
    token = {
        "id": 0,
        "content": "[PAD]",
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    return {"added_tokens": [{**token, **more}]}


def split(pattern, kind="Regex"):
    return {
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {kind: pattern},
            "behavior": "Isolated",
            "invert": False,
        }
    }


def replaced(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def normalized(*parts):
    return {"normalizer": {"type": "Sequence", "normalizers": list(parts)}}


def deep(depth):
    inner = {"type": "Lowercase"}
    for _ in range(depth):
        inner = {"type": "Sequence", "normalizers": [inner]}
    return {"normalizer": inner}


def model(**settings):
    return {"model": settings, "added_tokens": [], "post_processor": None}


UNIGRAM = {"type": "Unigram", "vocab": [["[UNK]", 0.0], ["a", 0.0]], "unk_id": 0}
LONG = "#" * 20_000
PIECES = {"[UNK]": 0, "a": 1, f"{LONG}a": 2}
LEVEL = {"type": "WordLevel", "vocab": {"oil": 0}, "unk_token": "[UNK]"}
TOKENIZERS = {
    "stride": {"truncation": {**TRUNCATION, "stride": 8}},
    "small stride": {"truncation": {**TRUNCATION, "stride": 7}},
    "no length": {"truncation": {**TRUNCATION, "max_length": 0}},
    "length of special tokens": {"truncation": {**TRUNCATION, "max_length": 2}},
    "length of no number": {"truncation": {**TRUNCATION, "max_length": -1}},
    "second row": {"truncation": {**TRUNCATION, "strategy": "OnlySecond"}},
    "padding": {"padding": {"strategy": {"Fixed": 10**15}, "direction": "Right", "pad_id": 0,
                            "pad_to_multiple_of": None, "pad_type_id": 0, "pad_token": "[PAD]"}},
    "padding by batch": {"padding": {"strategy": "BatchLongest", "direction": "Right", "pad_id": 0,
                                     "pad_to_multiple_of": 2**40, "pad_type_id": 0,
                                     "pad_token": "[PAD]"}},
    "empty added token": added(content=""),
    "added token outside": added(content="oil", id=10**6),
    "pieces of nothing": {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    "endless split": split(SLOW),
    "endless lines": split(r"(?:a|[ab])*c"),
    "repeat of a repeat": split(r"7{1,100}+b"),
    "marks that are words": split("(?:\\w|\u0301)*!"),
    "one letter that is two": split(r"(?i)[\p{L}]+x"),
    "empty split": split("", "String"),
    "split by nothing": split("x*"),
    "reference": split(r"(\w+)\1x"),
    "endless replacement": normalized(replaced(SLOW, "x", "Regex")),
    "replacement of nothing": normalized(replaced("", "x")),
    "long replacement": normalized(replaced(" ", "x" * 10**6)),
    "growing replacements": normalized(*[replaced("a", "aa")] * 40),
    "growing bytes": normalized(*[{"type": "ByteLevel"}] * 40),
    "growing in many parts": normalized(*[{"type": "Lowercase"}] * 1_000),
    "long beginning": {"normalizer": {"type": "Prepend", "prepend": "x" * 10**7}},
    "deep sequences": deep(100),
    "deeper sequences": deep(20_000),
    "broken table": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
    "table outside": {"normalizer": {"type": "Precompiled",
                                     "precompiled_charsmap": "BAAAAP////8="}},
    "unknown normalizer": {"normalizer": {"type": "Evil"}},
    "unknown pre-tokenizer": {"pre_tokenizer": {"type": "Evil"}},
    "unknown model": {"model": {"type": "Evil", "vocab": {}}},
    "unknown decoder": {"decoder": {"type": "Evil"}},
    "row twice": template(ROW, ROW),
    "second row in the template": template({"Sequence": {"id": "B", "type_id": 0}}),
    "no row": template(CLS),
    "special token outside": template(CLS, ROW, ids=[10**6]),
    "many special tokens": template(*[CLS] * 1_000, ROW),
    "special token of many ids": template(CLS, ROW, ids=[2] * 1_000),
    "separator outside": {"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 10**6],
                                             "cls": ["[CLS]", 2]}},
    "unknown word": model(**LEVEL),
    "unknown id": model(**{**UNIGRAM, "unk_id": 9}),
    "no unknown id": model(**{**UNIGRAM, "unk_id": None}),
    "endless words": model(type="WordPiece", vocab={"[UNK]": 0}, unk_token="[UNK]",
                           continuing_subword_prefix="##", max_input_chars_per_word=10**12),
    "long prefix": model(type="WordPiece", vocab=PIECES, unk_token="[UNK]",
                         continuing_subword_prefix=LONG, max_input_chars_per_word=1_000),
    "dropout": model(type="BPE", vocab={"a": 0}, merges=[], dropout=0.5),
    "merge of nothing": model(type="BPE", vocab={"a": 0}, merges=[["a", "b"]]),
    "endless decoder": {"decoder": replaced(SLOW, "x", "Regex")},
    "stripping decoder": {"decoder": {"type": "Strip", "content": "x", "start": 10**18,
                                      "stop": 0}},
}  # fmt: skip


# --- making and loading -----------------------------------------------------------------------
def write(folder, name, content):
    (folder / name).write_bytes(content)
    write_sum(folder, name)


def forge(models, root):
    for name, model in models:
        folder = root / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(root / "base", folder)
        write(folder, "pipeline.skops", skops.io.dumps(model))
        yield name, folder


def forge_documents(root):
    content = (root / "base/pipeline.skops").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    large = io.BytesIO()
    np.save(large, np.ones(2**14))
    members["12345.npy"] = large.getvalue()
    whole = members["schema.json"]
    for name, change in documents(json.loads(whole)):
        folder = root / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(root / "base", folder)
        schema = json.loads(whole)
        change(schema)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for member, inner in {**members, "schema.json": as_json(schema)}.items():
                archive.writestr(member, inner)
        write(folder, "pipeline.skops", buffer.getvalue())
        yield name, folder


def as_json(value):
    sys.setrecursionlimit(100_000)
    encoded = json.dumps(value)
    sys.setrecursionlimit(1_000)
    return encoded


def forge_tokenizers(root):
    tokenizer = SubwordTokenizer(vocab_size=60, max_length=8).fit(TEXTS)
    base = save(tokenizer, root / "tokenizer")
    document = json.loads((base / "tokenizer.json").read_text())
    for name, changes in TOKENIZERS.items():
        folder = root / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        write(folder, "tokenizer.json", as_json({**document, **changes}).encode())
        yield name, folder
    for name, change in {
        "tokenizer of the state alone": {"tokenizer_json_": "{}"},
        "folder of no text": {"_parts_folder": 5},
        "folder of another": {"_parts_folder": "elsewhere"},
    }.items():
        forged = copy.copy(tokenizer)
        del forged.tokenizer_json_
        vars(forged).update(change)
        folder = root / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        write(folder, "pipeline.skops", skops.io.dumps(forged))
        yield name, folder


BATCHES = {
    "state keys": lambda root: forge(state_keys(), root),
    "containers": lambda root: forge(containers(), root),
    "values": lambda root: forge(values(), root),
    "documents": forge_documents,
    "tokenizers": forge_tokenizers,
}


def outcome(folder):
    began = time.perf_counter()
    try:
        with only_the_model_is_read(folder):
            load(folder)
    except ArtifactError as error:
        n_seconds = time.perf_counter() - began
        return "rejected" if n_seconds < SECONDS else f"rejected after {n_seconds:.0f} s: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "loaded"


def main(root):
    # Code that runs or allocates without end is stopped by the system.
    resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
    resource.setrlimit(resource.RLIMIT_CPU, (240, 240))
    load(save(fitted(CountVectorizer()), root / "base"))
    load(save(SubwordTokenizer(vocab_size=60).fit(TEXTS), root / "imported"))
    for batch, make in BATCHES.items():
        for name, folder in make(root):
            print(json.dumps(f"{batch}: {name}"), flush=True)
            print(json.dumps(outcome(folder)), flush=True)
    print(json.dumps("the end"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
