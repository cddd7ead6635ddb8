"""Estimators of texts of other libraries, what the checks find in them, and the page about it.

python -m tests.neighbours.foreign           # check those installed, and rewrite the record
python -m tests.neighbours.foreign --page    # rewrite the tables of the page from the record
"""

import importlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from agnews_sk.testing import check_text_estimator

RECORD = Path(__file__).with_name("foreign.json")
PAGE = Path(__file__).parents[2] / "docs" / "foreign_estimators.md"
BEGIN, END = "<!-- made by python -m tests.neighbours.foreign -->", "<!-- end -->"
MAX_LETTERS = 120
TEXTS = ["oil prices rise", "cup final tonight", "stocks fall", "the team wins the cup"]


class Foreign(NamedTuple):
    """An estimator of another library.

    Attributes
    ----------
    packages : list of str
        Names on PyPI; the first one is what is checked, and decides whether the record applies.
    make : callable
        Takes a folder for models, and returns the unfitted estimator.
    takes : str
        What it is given texts in, for the page.
    container : callable, optional
        Makes that of a list.
    """

    packages: list[str]
    make: Callable[[Path], Any]
    takes: str = "list"
    container: Callable[[list[Any]], Any] | None = None


def series(texts: list[Any]) -> pd.Series:
    """Return texts as a Series of objects, which holds any str."""
    return pd.Series(texts, dtype=object)


def frame(texts: list[Any]) -> pd.DataFrame:
    """Return texts as the only column of a frame."""
    return pd.DataFrame({"text": series(texts)})


def class_of(path: str) -> Any:
    """Return a class by its module and name."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def sentence_model(folder: Path) -> str:
    """Save a tiny encoder of sentence-transformers, with random weights, and return its folder."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    if not (folder / "sentence").exists():
        words = sorted({word for text in TEXTS for word in text.split()})
        letters = [chr(i) for i in range(33, 127)]
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *words]
        vocabulary += [f"##{letter}" for letter in letters]
        (folder / "vocab.txt").write_text("\n".join(vocabulary))
        tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64)
        tokenizer.save_pretrained(folder / "bert")
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
        )
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder / "bert")
        body = models.Transformer(str(folder / "bert"), max_seq_length=64)
        modules = [body, models.Pooling(16)]
        SentenceTransformer(modules=modules, device="cpu").save(str(folder / "sentence"))
    return str(folder / "sentence")


def static_model(folder: Path) -> Any:
    """Return a tiny static model of model2vec with random vectors."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(sentence_model(folder)) / "tokenizer.json"))
    vectors = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 8))
    return class_of("model2vec.StaticModel")(vectors.astype(np.float32), tokenizer)


def oversampling(folder: Path) -> Any:
    """Return a pipeline of imbalanced-learn with a sampler."""
    make = class_of("imblearn.pipeline.make_pipeline")
    sampler = class_of("imblearn.over_sampling.RandomOverSampler")()
    return make(TfidfVectorizer(), sampler, LogisticRegression())


def logged_pipeline(folder: Path) -> Any:
    """Return a pipeline of scikit-lego."""
    steps = [("vectorize", TfidfVectorizer()), ("classify", LogisticRegression())]
    return class_of("sklego.pipeline.DebugPipeline")(steps)


SKRUB: dict[str, Any] = {"takes": "Series", "container": series}
FOREIGN = {
    "CountVectorizer + MultinomialNB": Foreign(
        ["scikit-learn"], lambda folder: make_pipeline(CountVectorizer(), MultinomialNB())
    ),
    "TfidfVectorizer": Foreign(["scikit-learn"], lambda folder: TfidfVectorizer()),
    "HashingVectorizer + SGDClassifier": Foreign(
        ["scikit-learn"],
        lambda folder: make_pipeline(
            HashingVectorizer(n_features=256), SGDClassifier(loss="log_loss")
        ),
    ),
    "skrub.StringEncoder": Foreign(
        ["skrub"], lambda folder: class_of("skrub.StringEncoder")(n_components=4), **SKRUB
    ),
    "skrub.MinHashEncoder": Foreign(
        ["skrub"], lambda folder: class_of("skrub.MinHashEncoder")(n_components=4), **SKRUB
    ),
    "skrub.GapEncoder": Foreign(
        ["skrub"], lambda folder: class_of("skrub.GapEncoder")(n_components=3), **SKRUB
    ),
    "skrub.TextEncoder": Foreign(
        ["skrub", "sentence-transformers"],
        lambda folder: class_of("skrub.TextEncoder")(
            model_name=sentence_model(folder), n_components=4, device="cpu"
        ),
        **SKRUB,
    ),
    "embetter.SentenceEncoder": Foreign(
        ["embetter", "sentence-transformers"],
        lambda folder: class_of("embetter.text.SentenceEncoder")(sentence_model(folder)),
    ),
    "embetter.TextEncoder": Foreign(
        ["embetter", "model2vec", "sentence-transformers"],
        lambda folder: class_of("embetter.text.TextEncoder")(static_model(folder)),
    ),
    "imblearn + RandomOverSampler": Foreign(["imbalanced-learn"], oversampling),
    "sklego.DebugPipeline": Foreign(["scikit-lego"], logged_pipeline),
    "feature_engine.TextFeatures": Foreign(
        ["feature-engine"],
        lambda folder: class_of("feature_engine.text.TextFeatures")(
            variables=["text"], features=["char_count", "word_count"]
        ),
        takes="DataFrame",
        container=frame,
    ),
}


def versions(name: str) -> dict[str, str]:
    """Return the versions that decide what the checks find."""
    packages = {*FOREIGN[name].packages, "scikit-learn", "pandas"}
    return {package: version(package) for package in sorted(packages)}


def check(name: str, folder: Path) -> dict[str, Any]:
    """Run the checks on one estimator.

    Parameters
    ----------
    name : str
        A key of `FOREIGN`.
    folder : pathlib.Path
        Where models are made.

    Returns
    -------
    dict of str to object
        The versions, the number of checks that passed and were skipped, and by the name of each
        check that failed what happened.
    """
    foreign = FOREIGN[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = foreign.make(folder)
        results = check_text_estimator(estimator, on_fail=None, container=foreign.container)
    failed = [result for result in results if result["status"] == "failed"]
    return {
        "versions": versions(name),
        "n_passed": sum(result["status"] == "passed" for result in results),
        "n_skipped": sum(result["status"] == "skipped" for result in results),
        "failed": {result["check_name"]: _happened(result["exception"]) for result in failed},
    }


def _happened(failure: Any) -> str:
    """Return what a failure says that happened, on one line without what changes between runs."""
    text = " ".join(str(failure).partition("Instead, ")[2].split())
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 3] + "..."


def read_record() -> dict[str, Any]:
    """Return what was found by estimator."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def tables(record: dict[str, Any]) -> str:
    """Return the tables of the page: by estimator, and by check."""
    lines = ["| estimator | version | takes | passed | failed |", "|---|---|---|---|---|"]
    for name, found in record.items():
        package = FOREIGN[name].packages[0]
        lines.append(
            f"| {name} | {package} {found['versions'][package]} | {FOREIGN[name].takes} "
            f"| {found['n_passed']} | {len(found['failed'])} |"
        )
    failing: dict[str, list[str]] = {}
    for name, found in record.items():
        for check_name in found["failed"]:
            failing.setdefault(check_name, []).append(name)
    lines += ["", "| check | fails |", "|---|---|"]
    for check_name, names in sorted(failing.items(), key=lambda item: (-len(item[1]), item[0])):
        every = len(names) == len(record)
        lines.append(f"| `{check_name}` | {'all' if every else ', '.join(names)} |")
    return "\n".join(lines)


def write_page(record: dict[str, Any]) -> None:
    """Rewrite the tables of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(record)}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Check the estimators that are installed, and rewrite the record and the page."""
    if "--page" not in sys.argv:
        record = read_record() if RECORD.exists() else {}
        for name in [name for name in FOREIGN if name in sys.argv or len(sys.argv) == 1]:
            with tempfile.TemporaryDirectory() as folder:
                record[name] = check(name, Path(folder))
            found = record[name]
            print(f"{name}: {found['n_passed']} passed, {len(found['failed'])} failed", flush=True)
        record = {name: record[name] for name in FOREIGN if name in record}
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    write_page(read_record())


if __name__ == "__main__":
    main()
