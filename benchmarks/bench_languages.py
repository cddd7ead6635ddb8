"""Accuracy of the default baseline on Chinese, Thai and German, and the speed of splitting Chinese.

The reference is the best of scikit-learn's TF-IDF of words and of 1 to 3 characters with LinearSVC,
on the same rows: words are those of rjieba (Chinese), nlpO3 with the dictionary of PyThaiNLP (Thai)
and of scikit-learn's pattern (German). The time of words is that of loops over jieba and rjieba.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_languages.py

The units that the baseline chooses for English are shown for several numbers of AG News rows,
beside the accuracy of each alternative.

FOLDER, or the folder `languages` beside it, holds zh_train.csv, zh_test.csv and the same of th and
de, with the columns label and text. German, of 800 rows, is measured by 5 folds of both parts. AG
News rows are those of train.csv and test.csv in FOLDER, if it has them.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import record
from rows import read_labelled
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.home import data_path
from agnews_sk.tokenization import WordTokenizer

REPEATS = 3
N_HEADLINES = 50_000
ENGLISH_ROWS = 500, 2_000, 4_000, 8_000
NAMES = {"zh": "Chinese", "th": "Thai", "de": "German"}
Fold = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    folder = languages_folder()
    compare_accuracy(folder)
    compare_choices(Path(data_path() or ""))
    compare_speed(folder)


def languages_folder() -> Path:
    given = Path(data_path() or "")
    for folder in (given, given.parent / "languages"):
        if (folder / "zh_train.csv").is_file():
            return folder
    sys.exit(
        "Set AGNEWS_SK_DATA to a folder with zh_train.csv or a sibling `languages` that has it."
    )


def compare_accuracy(folder: Path) -> None:
    print(f"{'':<10}{'rows':>8}{'words':>9}{'characters':>12}{'ours':>9}{'points':>8}  counted")
    points = []
    for language, name in NAMES.items():
        folds = list(folds_of(folder, language))
        words = mean_accuracy(folds, lambda language=language: sklearn_words(language))
        characters = mean_accuracy(folds, sklearn_characters)
        pipelines: list[Any] = []

        def ours(pipelines: list[Any] = pipelines) -> Any:
            pipelines.append(make_tfidf_pipeline())
            return pipelines[-1]

        accuracy = mean_accuracy(folds, ours)
        points.append(100 * (accuracy - max(words, characters)))
        n_rows = sum(len(fold[3]) for fold in folds)
        counted = pipelines[0].named_steps["vectorize"].units_
        print(
            f"{name:<10}{n_rows:>8,}{words:>9.4f}{characters:>12.4f}{accuracy:>9.4f}"
            f"{points[-1]:>+8.2f}  {counted}"
        )
        record(f"{name}, accuracy of the default baseline", accuracy)
        record(f"{name}, points above scikit-learn's best", points[-1], bar=">= 0")
    print(f"{'mean':<48}{np.mean(points):>+8.2f}\n")
    record("three languages, mean points above scikit-learn's best", np.mean(points), bar=">= 0.5")


def folds_of(folder: Path, language: str) -> Iterator[Fold]:
    """Yield training texts and labels, and those to test on."""
    train, test = (pd.read_csv(folder / f"{language}_{part}.csv") for part in ("train", "test"))
    if language != "de":
        yield (*columns_of(train), *columns_of(test))
        return
    texts, labels = columns_of(pd.concat([train, test]))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for inside, outside in folds.split(texts, labels):
        yield texts[inside], labels[inside], texts[outside], labels[outside]


def columns_of(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame["text"].fillna("").to_numpy(dtype=object), frame["label"].to_numpy(dtype=str)


def mean_accuracy(folds: list[Fold], make: Callable[[], Any]) -> float:
    return float(
        np.mean([make().fit(X, y).score(X_test, y_test) for X, y, X_test, y_test in folds])
    )


def sklearn_words(language: str) -> Any:
    if language == "de":
        return make_pipeline(TfidfVectorizer(), LinearSVC())
    segment = {"zh": rjieba_segmenter, "th": nlpo3_segmenter}[language]()
    return make_pipeline(TfidfVectorizer(tokenizer=segment, token_pattern=None), LinearSVC())


def sklearn_characters() -> Any:
    return make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), LinearSVC())


def rjieba_segmenter() -> Callable[[str], list[str]]:
    import rjieba

    return rjieba.Jieba().cut if hasattr(rjieba, "Jieba") else rjieba.cut


def nlpo3_segmenter() -> Callable[[str], list[str]]:
    import nlpo3
    import pythainlp.corpus

    words = Path(pythainlp.corpus.__file__).with_name("words_th.txt")
    nlpo3.load_dict(str(words), "words_th")
    return lambda text: nlpo3.segment(text, "words_th")


def compare_choices(folder: Path) -> None:
    if not all((folder / name).is_file() for name in ("train.csv", "test.csv")):
        return
    (frame, labels), (test, test_labels) = (
        read_labelled(folder / name) for name in ("train.csv", "test.csv")
    )
    order = np.random.default_rng(0).permutation(len(labels))
    print(f"{'AG News rows':<14}{'words':>9}{'both':>9}  chosen")
    for n_rows in (*ENGLISH_ROWS, len(labels)):
        rows = order[:n_rows]
        of_words, of_both, chosen = (
            make_tfidf_pipeline(characters=characters).fit(frame.iloc[rows], labels[rows])
            for characters in (False, True, "auto")
        )
        union = chosen.named_steps["vectorize"]
        words, both = (pipeline.score(test, test_labels) for pipeline in (of_words, of_both))
        print(f"{n_rows:<14,}{words:>9.4f}{both:>9.4f}  {union.units_}: {union.reason_}")
        if n_rows == len(labels):
            record(
                "AG News, all rows: words are chosen", float(union.units_ == "words"), bar=">= 1"
            )
    print()


def compare_speed(folder: Path) -> None:
    import jieba

    jieba.lcut("石油")  # loads its dictionary
    rjieba_cut = rjieba_segmenter()
    texts = headlines(folder)
    sides: dict[str, Callable[[], Any]] = {
        "jieba, loop": lambda: [jieba.lcut(text) for text in texts],
        "rjieba, loop": lambda: [rjieba_cut(text) for text in texts],
        "WordTokenizer": lambda: WordTokenizer().transform(texts),
    }
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(REPEATS):
        for side, split in sides.items():
            start = time.perf_counter()
            split()
            seconds[side].append(time.perf_counter() - start)
    ours = np.median(seconds["WordTokenizer"])
    print(f"{f'{len(texts):,} Chinese headlines':<28}{'seconds':>9}{'x ours':>8}")
    for side, found in seconds.items():
        print(f"{side:<28}{np.median(found):>9.3f}{np.median(found) / ours:>8.1f}")
        ratios = np.array(found) / seconds["WordTokenizer"]
        bar = ">= 20" if side.startswith("jieba") else ""
        record(f"Chinese words, speedup over {side}", ratios, bar=bar)


def headlines(folder: Path) -> list[str]:
    """Return headlines that are all different: the begin of one and the end of another."""
    parts = [pd.read_csv(folder / f"zh_{part}.csv")["text"] for part in ("train", "test")]
    texts = pd.concat(parts).dropna().tolist()
    rng = np.random.default_rng(0)
    first, second = rng.integers(len(texts), size=(2, N_HEADLINES))
    return [
        texts[i][: len(texts[i]) // 2] + texts[j][len(texts[j]) // 2 :]
        for i, j in zip(first.tolist(), second.tolist())
    ]


if __name__ == "__main__":
    main()
