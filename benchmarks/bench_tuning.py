"""Trials per time of our search and of optuna-integration's OptunaSearchCV, on the same rows.

Both sample the same space with the same number of threads on the same folds. Ours searches
`make_tfidf_pipeline`, the other TfidfVectorizer with LogisticRegression(max_iter=1000). Each side
runs in its own process; trials that end within the time count. Two more tables show what pruning
saves and costs, and how often a text is tokenized.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_tuning.py [--seconds 60]

Without AGNEWS_SK_DATA the rows are synthetic, and scores are meaningless.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from record import record

N_ROWS = 10_000
N_FOLDS = 3
SIDES = ("ours", "OptunaSearchCV")
PARTS = ("race", "pruning", "tokenizing")
C = FloatDistribution(0.03, 30, log=True)


def read_rows() -> tuple[Any, np.ndarray]:
    from agnews_sk._core.home import data_path
    from agnews_sk.cleaning import ColumnJoiner
    from agnews_sk.datasets import load_agnews, make_news

    folder = data_path()
    if folder:
        X, y = load_agnews(folder, return_X_y=True)
    else:
        X, y = make_news(N_ROWS, random_state=0, return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(y))[:N_ROWS]
    return ColumnJoiner().fit_transform(X.iloc[chosen]), np.asarray(y)[chosen]


def space_of(step: str, classifier: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tuples among the choices
        ngram_range = CategoricalDistribution([(1, 1), (1, 2)])
    return {
        f"{step}__lowercase": CategoricalDistribution([True, False]),
        f"{step}__ngram_range": ngram_range,
        f"{step}__min_df": IntDistribution(1, 5),
        f"{step}__sublinear_tf": CategoricalDistribution([True, False]),
        f"{classifier}__C": C,
    }


def search_ours(seconds: float, n_jobs: int) -> optuna.Study:
    from agnews_sk import make_tfidf_pipeline
    from agnews_sk.tuning import PipelineSearchCV

    X, y = read_rows()
    search = PipelineSearchCV(
        make_tfidf_pipeline(),
        space_of("vectorize__words", "classify"),
        n_trials=None,
        timeout=seconds,
        cv=N_FOLDS,
        n_jobs=n_jobs,
        refit=False,
        random_state=0,
    )
    return search.fit(X, y).study_


def search_theirs(seconds: float, n_jobs: int) -> optuna.Study:
    from optuna_integration import OptunaSearchCV
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    X, y = read_rows()
    search = OptunaSearchCV(
        make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)),
        space_of("tfidfvectorizer", "logisticregression"),
        n_trials=None,
        timeout=seconds,
        cv=N_FOLDS,
        n_jobs=n_jobs,
        refit=False,
        random_state=0,
    )
    return search.fit(X, y).study_


def be_side(side: str, seconds: float, n_jobs: int) -> dict[str, float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    study = (search_ours if side == "ours" else search_theirs)(seconds, n_jobs)
    begin = min(trial.datetime_start for trial in study.trials)
    end = begin + datetime.timedelta(seconds=seconds)
    ended = [t for t in study.trials if t.datetime_complete and t.datetime_complete <= end]
    complete = [t for t in ended if t.state == optuna.trial.TrialState.COMPLETE]
    fits = [len(t.intermediate_values) if side == "ours" else N_FOLDS for t in ended]
    return {
        "trials": len(ended),
        "complete": len(complete),
        "fold fits": sum(fits),
        "best": max(t.value for t in complete),
    }


def race(seconds: float, n_jobs: int) -> None:
    found = {}
    for side in SIDES:
        command = [sys.executable, __file__, "--side", side]
        command += ["--seconds", str(seconds), "--jobs", str(n_jobs)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{side} failed:\n{done.stderr}")
        found[side] = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{seconds:.0f} s, {N_ROWS:,} rows, {N_FOLDS} folds, {n_jobs} threads per side")
    print(f"{'':<16}{'trials':>8}{'complete':>10}{'fold fits':>11}{'best accuracy':>15}")
    for side, row in found.items():
        print(
            f"{side:<16}{row['trials']:>8}{row['complete']:>10}{row['fold fits']:>11}"
            f"{row['best']:>15.4f}"
        )
    ours, theirs = (found[side] for side in SIDES)
    trials, fits = (ours[name] / theirs[name] for name in ("trials", "fold fits"))
    print(
        f"{'ratio':<16}{trials:>8.1f}{'':>10}{fits:>11.1f}{ours['best'] - theirs['best']:>+15.4f}"
    )
    record(f"trials in {seconds:.0f} s, relative to OptunaSearchCV", trials, bar=">= 8")
    record(f"fold fits in {seconds:.0f} s, relative to OptunaSearchCV", fits, bar=">= 5")
    gained = ours["best"] - theirs["best"]
    record(f"best accuracy in {seconds:.0f} s, minus OptunaSearchCV's", gained, bar=">= 0")


def compare_pruning(numbers_of_folds: list[int], n_trials: int = 40) -> None:
    """Run the same seeded study with the default pruner and with none."""
    from agnews_sk import make_tfidf_pipeline
    from agnews_sk.tuning import PipelineSearchCV

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y = read_rows()
    print(f"\n{n_trials} trials with the same random seed, {len(y):,} rows")
    print(f"{'folds':<8}{'pruner':<12}{'fold fits':>10}{'share':>8}{'best accuracy':>15}{'s':>8}")
    for n_folds in numbers_of_folds:
        for name, pruner in (("none", optuna.pruners.NopPruner()), ("default", None)):
            search = PipelineSearchCV(
                make_tfidf_pipeline(),
                space_of("vectorize__words", "classify"),
                n_trials=n_trials,
                cv=n_folds,
                pruner=pruner,
                refit=False,
                random_state=0,
            )
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # a step reported twice, say
                search.fit(X, y)
            fits = sum(len(trial.intermediate_values) for trial in search.study_.trials)
            claim = f"share of fold fits, {n_folds} folds, pruner {name}"
            bar = "<= 0.5" if name == "default" else ""
            record(claim, fits / n_trials / n_folds, bar=bar)
            print(
                f"{n_folds:<8}{name:<12}{fits:>10}{fits / n_trials / n_folds:>8.0%}"
                f"{search.best_score_:>15.4f}{time.perf_counter() - start:>8.1f}"
            )


def count_tokenizing(n_trials: int = 10) -> None:
    """Count the texts that a tokenizer is handed while only the classifier is tuned."""
    from agnews_sk.classifiers import CalibratedLinearSVC
    from agnews_sk.pipeline import TextPipeline
    from agnews_sk.tokenization import WordTokenizer
    from agnews_sk.tuning import PipelineSearchCV
    from agnews_sk.vectorization import NgramVectorizer

    X, y = read_rows()
    seen: list[str] = []
    tokenize = WordTokenizer.transform

    def counted(self: WordTokenizer, texts: Any) -> Any:
        seen.extend(texts)
        return tokenize(self, texts)

    WordTokenizer.transform = counted
    steps = [
        ("tokenize", WordTokenizer(lowercase=True)),
        ("vectorize", NgramVectorizer()),
        ("classify", CalibratedLinearSVC(random_state=0)),
    ]
    PipelineSearchCV(
        TextPipeline(steps),
        {"classify__C": C},
        n_trials=n_trials,
        cv=N_FOLDS,
        refit=False,
        random_state=0,
    ).fit(X, y)
    WordTokenizer.transform = tokenize
    print(
        f"\n{n_trials} trials of the classifier alone, {N_FOLDS} folds: {len(seen):,} texts "
        f"tokenized, {len(set(X.tolist())):,} distinct"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--folds", type=int, nargs="+", default=[5, 10], help="of the pruning")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--side", choices=SIDES, help="be one side of the race")
    options = parser.parse_args()
    if options.side:
        print(json.dumps(be_side(options.side, options.seconds, options.jobs)))
        return
    if "race" in options.parts:
        race(options.seconds, options.jobs)
    if "pruning" in options.parts:
        compare_pruning(options.folds)
    if "tokenizing" in options.parts:
        count_tokenizing()


if __name__ == "__main__":
    main()
