"""False positives of each test, and coverage of each interval, on simulated comparisons.

Two classifiers that are equally good are compared again and again on fresh rows: a test at the 5 %
level should find a difference in about 5 % of the comparisons, and a 95 % interval should hold the
true score in about 95 %.

Run: .venv/bin/python benchmarks/bench_statistics.py [--comparisons 1000]
"""

import argparse
import time

import numpy as np
from record import record
from scipy.special import softmax

from agnews_sk.evaluation._bootstrap import bootstrap_interval
from agnews_sk.evaluation._pairs import pairs_on_rows
from agnews_sk.evaluation._quality import Outcome, draw_scores, observed_scores, score_names
from agnews_sk.evaluation._statistics import corrected_t_test

N_CLASSES = 4
N_ROWS = 500
N_RESAMPLES = 1000
LEVEL = 0.05
SCORES = score_names(range(N_CLASSES))


def draw_outcomes(rng: np.random.Generator, n_rows: int) -> list[Outcome]:
    """Two classifiers with the same distribution of probabilities and partly the same errors."""
    y_true = rng.choice(N_CLASSES, n_rows, p=[0.4, 0.3, 0.2, 0.1])
    signal = 2.2 * np.eye(N_CLASSES)[y_true]
    shared = rng.normal(size=(n_rows, N_CLASSES))
    made = []
    for _ in range(2):
        logits = signal + 0.8 * shared + 0.6 * rng.normal(size=(n_rows, N_CLASSES))
        y_proba = softmax(1.3 * logits, axis=1)
        y_pred = y_proba.argmax(axis=1)
        made.append(
            Outcome(
                y_true=y_true,
                y_pred=y_pred,
                y_proba=y_proba,
                n_classes=N_CLASSES,
                rows=np.arange(n_rows),
            )
        )
    return made


def simulate_rows(n_comparisons: int, seed: int = 0) -> tuple[dict[str, float], dict[str, float]]:
    """Return false positives by test, and coverage by score, on new test rows each time."""
    rng = np.random.default_rng(seed)
    truth = observed_scores(draw_outcomes(rng, 1_000_000)[0])
    positives = dict.fromkeys(["p_value", "bootstrap_p_value", "macro_f1_p_value"], 0)
    held = np.zeros(len(SCORES))
    for comparison in range(n_comparisons):
        outcomes = draw_outcomes(rng, N_ROWS)
        draws = draw_scores(outcomes, N_RESAMPLES, seed=comparison)
        named = dict(zip("ab", draws))
        right = {name: o.y_true == o.y_pred for name, o in zip("ab", outcomes)}
        pair = pairs_on_rows(right, named, 1 - LEVEL).iloc[0]
        for test in positives:
            positives[test] += pair[test] <= LEVEL
        held += covered(draws[0], truth)
    shares = {test: count / n_comparisons for test, count in positives.items()}
    return shares, dict(zip(SCORES, held / n_comparisons))


def covered(draws, truth: np.ndarray) -> np.ndarray:
    intervals = np.array(
        [
            bootstrap_interval(
                draws.resampled[:, i], draws.observed[i], draws.jackknife[:, i], 1 - LEVEL
            )[:2]
            for i in range(len(truth))
        ]
    )
    return (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])


def simulate_folds(n_comparisons: int, *, n_folds: int = 5, n_repeats: int = 2, seed: int = 0):
    """Return false positives of the corrected and the plain t-test in cross-validation.

    Both classifiers are nearest centroids on different features of the same distribution.
    """
    rng = np.random.default_rng(seed)
    corrected = plain = 0
    for _ in range(n_comparisons):
        y = np.repeat([0, 1], 100)
        views = 0.5 * y[:, np.newaxis] + rng.normal(size=(2, len(y), 5))
        differences = [
            fold_accuracy(views[0], y, test) - fold_accuracy(views[1], y, test)
            for _ in range(n_repeats)
            for test in np.array_split(rng.permutation(len(y)), n_folds)
        ]
        corrected += corrected_t_test(differences, 1 / (n_folds - 1)).p_value <= LEVEL
        plain += corrected_t_test(differences, 0).p_value <= LEVEL
    return corrected / n_comparisons, plain / n_comparisons


def fold_accuracy(X: np.ndarray, y: np.ndarray, test: np.ndarray) -> float:
    train = np.setdiff1d(np.arange(len(y)), test)
    centroids = [X[train][y[train] == label].mean(axis=0) for label in (0, 1)]
    distances = [np.sum((X[test] - centroid) ** 2, axis=1) for centroid in centroids]
    return float(np.mean(np.argmin(distances, axis=0) == y[test]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comparisons", type=int, default=1000)
    n_comparisons = parser.parse_args().comparisons
    start = time.perf_counter()
    positives, coverage = simulate_rows(n_comparisons)
    corrected, plain = simulate_folds(n_comparisons)
    print(f"{n_comparisons:,} comparisons of {N_ROWS} rows, {N_RESAMPLES:,} resamples\n")
    print("| test of no difference | false positives at 5 % |\n|---|---|")
    print(f"| McNemar | {positives['p_value']:.1%} |")
    print(f"| paired bootstrap, accuracy | {positives['bootstrap_p_value']:.1%} |")
    print(f"| paired bootstrap, macro-F1 | {positives['macro_f1_p_value']:.1%} |")
    print(f"| corrected resampled t, 2 x 5 folds | {corrected:.1%} |")
    print(f"| plain t over the same folds (not used) | {plain:.1%} |\n")
    print("| 95 % BCa interval of | contains the true score |\n|---|---|")
    for name, share in coverage.items():
        print(f"| {name} | {share:.1%} |")
    for test, share in positives.items():
        record(f"false positives at 5 %, {test}", share, bar="about 0.05")
    record("false positives at 5 %, corrected resampled t", corrected, bar="about 0.05")
    for name, share in coverage.items():
        record(f"coverage of the 95 % interval of {name}", share, bar="about 0.95")
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
