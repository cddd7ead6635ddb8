"""Classifiers of averaged embeddings and by logistic regression, by the number of classes.

Run: .venv/bin/python benchmarks/bench_classes.py [--classes 14 100 500]

20,000 rows of `make_news` with made-up words of their class behind each story, those of
`bench_shapes.py`, and 5,000 further rows to predict. Each side is a new process that fits
`make_tfidf_pipeline` with the classifier on raw texts. Compared are seconds of the processor, and
the growth of the peak of memory.
"""

import argparse
import json
import subprocess
import sys
from statistics import median

from bench_shapes import TEST_ROWS, made_up, reset_peak, resident, timed
from record import record

ROWS = 20_000
SIDES = ("CalibratedLogisticRegression", "EmbeddingBagClassifier")


def fit(side: str, n_classes: int) -> dict[str, float]:
    """Fit a side, and return its CPU time, memory, speed of prediction and accuracy."""
    from agnews_sk import classifiers, make_tfidf_pipeline

    texts, y = made_up(ROWS + TEST_ROWS, n_classes)
    classifier = getattr(classifiers, side)(random_state=0)
    pipeline = make_tfidf_pipeline(characters=False, classify=classifier)
    pipeline.fit(texts[:50], y[:50])  # loads what is loaded once
    before = reset_peak()
    cpu = timed(pipeline.fit, texts[:ROWS], y[:ROWS])[1][1]
    megabytes = (resident("VmHWM") - before) / 1e6
    predicted, times = timed(pipeline.predict, texts[ROWS:])
    return {
        "CPU s": cpu,
        "MB": megabytes,
        "texts/CPU s": TEST_ROWS / times[1],
        "accuracy": float((predicted == y[ROWS:]).mean()),
    }


def in_process(side: str, n_classes: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--fit", side, "--classes", str(n_classes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side} failed with {n_classes} classes:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[14, 100, 500])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--fit", choices=SIDES, help="be one side")
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(fit(options.fit, options.classes[0])))
        return
    columns = ("CPU s", "MB", "texts/CPU s", "accuracy")
    print(f"{'classes':>7} {'side':<30}" + "".join(f"{name:>12}" for name in columns))
    for n_classes in options.classes:
        found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(options.repeats):
            for side in SIDES:
                found[side].append(in_process(side, n_classes))
        for side, runs in found.items():
            values = [median(run[name] for run in runs) for name in columns]
            shown = "".join(f"{value:12,.1f}" for value in values[:-1])
            print(f"{n_classes:>7} {side:<30}{shown}{values[-1]:12.4f}", flush=True)
        compared = list(zip(*found.values()))
        name = f"{n_classes} classes, embeddings"
        record(
            f"{name}, speedup over logistic regression, CPU time",
            [one["CPU s"] / other["CPU s"] for one, other in compared],
            bar=">= 2" if n_classes == 500 else "",
        )
        record(
            f"{name}, peak memory of logistic regression relative to theirs",
            [one["MB"] / other["MB"] for one, other in compared],
        )
        record(
            f"{name}, accuracy minus that of logistic regression",
            [other["accuracy"] - one["accuracy"] for one, other in compared],
            bar=">= -0.003",
        )


if __name__ == "__main__":
    main()
