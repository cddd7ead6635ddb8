"""Accuracy with few labels, and with none: fine-tuning, TF-IDF, frozen embeddings and SetFit.

    AGNEWS_SK_DATA=FOLDER python benchmarks/bench_few_labels.py names
    AGNEWS_SK_DATA=FOLDER python benchmarks/bench_few_labels.py defaults --labels 32 100 400
    AGNEWS_SK_DATA=FOLDER python benchmarks/bench_few_labels.py setfit --labels 32 --seeds 0 1

Each side is trained on the same stratified draws of the training rows, the smaller ones within the
larger, and scored on the same 2,000 test rows. All have MiniLM as their encoder. Accuracies are
means over the draws, with their 95 % confidence interval (Student's t) and their range. Times are
processor seconds of `fit`, of all threads.

SetFit has its own constraints (`benchmarks/constraints-setfit.txt`), so it runs in the Python that
SETFIT_PYTHON names, which `make bench` creates. The number of its pairs grows with the square of
the number of labels: it is stopped after `--setfit-steps` steps, and the time of all its steps is
extrapolated from them; the accuracy of one that was stopped is not compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from record import record
from scipy.stats import t

N_TEST = 2_000
LABELS = (8, 32, 100, 400, 1_000, 4_000)
BARS = {32: ">= 0.78", 100: ">= 0.84", 400: ">= 0.87", 1_000: ">= 0.885"}
# Recommended up to this number of labels: pairs of texts, which train half of MiniLM's layers. With
# more labels, the defaults.
MOST_OF_PAIRS = 400
PAIRS: dict[str, Any] = {"classify__loss": "contrastive", "classify__freeze": 3}
NAMES = ("World", "Sports", "Business", "Sci/Tech")


class Draws(NamedTuple):
    """Training texts by seed and number of labels, and the test texts.

    Attributes
    ----------
    train : dict of (int, int) to (list of str, ndarray of str)
    test : list of str of length N_TEST
    y_test : ndarray of str of shape (N_TEST,)
    """

    train: dict[tuple[int, int], tuple[list[str], np.ndarray]]
    test: list[str]
    y_test: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="+", choices=list(PARTS))
    parser.add_argument("--labels", nargs="+", type=int, default=list(LABELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--setfit-steps", type=int, default=200, help="most steps of SetFit")
    parser.add_argument("--run-setfit", action="store_true", help="be the side of SetFit")
    options = parser.parse_args()
    if options.run_setfit:
        run_setfit(**json.load(sys.stdin))
        return
    draws = read_draws(options)
    for part in options.parts:
        print(f"\n{part}", flush=True)
        PARTS[part](draws, options)


def read_draws(options: argparse.Namespace) -> Draws:
    from rows import agnews_folder
    from sklearn.model_selection import train_test_split

    from agnews_sk.cleaning import ColumnJoiner, TextCleaner
    from agnews_sk.datasets import load_train_test

    def clean(frame: Any) -> np.ndarray:
        return TextCleaner().fit_transform(ColumnJoiner().fit_transform(frame))

    rows = load_train_test(agnews_folder())
    texts, y = clean(rows.X_train), np.asarray(rows.y_train)
    y_test = np.asarray(rows.y_test)
    tested, _ = train_test_split(
        np.arange(len(y_test)), train_size=N_TEST, stratify=y_test, random_state=0
    )
    train = {}
    for seed in options.seeds:
        kept = np.arange(len(texts))
        for n_labels in sorted({*LABELS, *options.labels}, reverse=True):
            kept, _ = train_test_split(
                kept, train_size=n_labels, stratify=y[kept], random_state=seed
            )
            train[seed, n_labels] = texts[kept].tolist(), y[kept]
    return Draws(train, clean(rows.X_test)[tested].tolist(), y_test[tested])


def fit_and_score(classifier: Any, draws: Draws, draw: tuple[int, int]) -> tuple[float, float]:
    """Return the accuracy on the test rows, and the processor seconds of the fit."""
    start = time.process_time()
    classifier.fit(*draws.train[draw])
    seconds = time.process_time() - start
    return float(np.mean(classifier.predict(draws.test) == draws.y_test)), seconds


def show(
    name: str, n_labels: int, found: list[tuple[float, float]], *, bar: str = ""
) -> list[float]:
    """Print and record the accuracies over the seeds; print the seconds."""
    accuracies = [accuracy for accuracy, _ in found]
    seconds = [taken for _, taken in found]
    print(
        f"  {n_labels:>5} labels  {name:<26} accuracy {np.mean(accuracies):.4f} "
        f"± {half_width(accuracies):.4f} ({min(accuracies):.4f} to {max(accuracies):.4f})  "
        f"{np.mean(seconds):>8.1f} s",
        flush=True,
    )
    record(f"few labels, {n_labels:,} rows, accuracy of {name}", np.mean(accuracies), bar=bar)
    return accuracies


def half_width(accuracies: list[float]) -> float:
    """Return half the width of the 95 % confidence interval of the mean, NaN for one value."""
    n = len(accuracies)
    return float(t.ppf(0.975, n - 1) * np.std(accuracies, ddof=1) / n**0.5) if n > 1 else np.nan


def measure_defaults(draws: Draws, options: argparse.Namespace) -> None:
    """Compare the default fine-tuning with the best of TF-IDF and frozen embeddings."""
    from agnews_sk import make_embedding_pipeline, make_finetune_pipeline, make_tfidf_pipeline

    sides: dict[str, Callable[[int], Any]] = {
        "TF-IDF": lambda seed: make_tfidf_pipeline(random_state=seed),
        "frozen embeddings": lambda seed: make_embedding_pipeline(random_state=seed),
        "fine-tuning": lambda seed: make_finetune_pipeline(classify__random_state=seed),
    }
    for n_labels in options.labels:
        means = {}
        for name, make in sides.items():
            found = [fit_and_score(make(s), draws, (s, n_labels)) for s in options.seeds]
            # Where it is also what is recommended, for which the bars are.
            recommended = name == "fine-tuning" and n_labels > MOST_OF_PAIRS
            bar = BARS.get(n_labels, "") if recommended else ""
            means[name] = np.mean(show(name, n_labels, found, bar=bar))
        above = means["fine-tuning"] - max(means["TF-IDF"], means["frozen embeddings"])
        what = f"few labels, {n_labels:,} rows, fine-tuning above the best of the others"
        record(what, above, bar=">= -0.005")


def make_few(n_labels: int, seed: int) -> Any:
    """Return the pipeline that is recommended for this number of labels."""
    from agnews_sk import make_finetune_pipeline

    settings = PAIRS if n_labels <= MOST_OF_PAIRS else {}
    return make_finetune_pipeline(classify__random_state=seed, **settings)


def measure_names(draws: Draws, options: argparse.Namespace) -> None:
    """Fit on 2,000 texts whose labels are suggested from the names of the classes."""
    from agnews_sk import make_embedding_pipeline
    from agnews_sk.vectorization import suggest_labels

    names = {name: name for name in NAMES}
    for shares in (None, "equal"):
        found = []
        for seed in options.seeds:
            texts = draws.train[seed, max(LABELS)][0][:2_000]
            start = time.process_time()
            suggested = suggest_labels(texts, names, shares=shares)["label"]
            pipeline = make_embedding_pipeline(random_state=seed).fit(texts, suggested)
            seconds = time.process_time() - start
            found.append((float(np.mean(pipeline.predict(draws.test) == draws.y_test)), seconds))
        show(f"names, shares={shares!r}", 0, found, bar=">= 0.65")


# SetFit


def measure_setfit(draws: Draws, options: argparse.Namespace) -> None:
    """Score SetFit with its defaults, and our fine-tuning for few labels, in turns."""
    from agnews_sk._core.pretrained import resolve_pretrained

    for n_labels in options.labels:
        ours, theirs = [], []
        for seed in options.seeds:
            ours.append(fit_and_score(make_few(n_labels, seed), draws, (seed, n_labels)))
            texts, y = draws.train[seed, n_labels]
            task = {
                "model": str(resolve_pretrained(None)),
                "texts": texts,
                "y": y.tolist(),
                "test": draws.test,
                "seed": seed,
                "max_steps": options.setfit_steps,
            }
            answer = ask_setfit(task)
            accuracy = float(np.mean(np.array(answer["predicted"]) == draws.y_test))
            theirs.append((accuracy, answer["seconds"]))
            print(f"  SetFit took {answer['steps']} of {answer['all_steps']} steps", flush=True)
        show("fine-tuning for few labels", n_labels, ours, bar=BARS.get(n_labels, ""))
        what = f"few labels, {n_labels:,} rows"
        if answer["steps"] == answer["all_steps"]:
            show("SetFit", n_labels, theirs)
            lead = np.mean([a - b for (a, _), (b, _) in zip(ours, theirs)])
            print(f"  {n_labels:>5} labels  ours is {lead:+.4f} as accurate")
            record(f"{what}, accuracy above SetFit", lead, bar=">= 0")
        speedup = [b / a for (_, a), (_, b) in zip(ours, theirs)]
        print(f"  {n_labels:>5} labels  ours is {np.median(speedup):.1f} x as fast", flush=True)
        record(f"{what}, speedup over SetFit", speedup, bar=">= 5")


def ask_setfit(task: dict[str, Any]) -> dict[str, Any]:
    """Return what `run_setfit` prints in SetFit's own Python."""
    python = os.environ.get("SETFIT_PYTHON")
    if python is None:
        sys.exit("Set SETFIT_PYTHON to a Python with benchmarks/constraints-setfit.txt installed.")
    done = subprocess.run(
        [python, __file__, "setfit", "--run-setfit"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"SetFit failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_setfit(
    model: str, texts: list[str], y: list[str], test: list[str], seed: int, max_steps: int
) -> None:
    """Train SetFit, and print its predictions, the seconds of all its steps, and their number."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        loaded = SetFitModel.from_pretrained(model, labels=sorted(set(y)))
        rows = Dataset.from_dict({"text": texts, "label": y})
        of_run = TrainingArguments(folder, seed=seed, report_to="none", save_strategy="no")
        all_steps = number_of_steps(y, of_run.batch_size[0])
        of_run.max_steps = min(max_steps, all_steps)
        trainer = Trainer(model=loaded, args=of_run, train_dataset=rows)
        begin = time.process_time()
        trainer.train()
        end = time.process_time()
    seconds = begin - start + (end - begin) * all_steps / of_run.max_steps
    answer = {
        "predicted": [str(label) for label in loaded.predict(test)],
        "seconds": seconds,
        "steps": of_run.max_steps,
        "all_steps": all_steps,
    }
    print(json.dumps(answer))


def number_of_steps(y: list[str], batch_size: int) -> int:
    """Return the steps of one epoch: as many pairs of one class as of two, the fewer repeated."""
    sizes = np.unique(y, return_counts=True)[1]
    of_one = int((sizes * (sizes - 1) // 2).sum())
    of_two = len(y) * (len(y) - 1) // 2 - of_one
    return -(-2 * max(of_one, of_two) // batch_size)


PARTS: dict[str, Callable[[Draws, argparse.Namespace], None]] = {
    "names": measure_names,
    "defaults": measure_defaults,
    "setfit": measure_setfit,
}

if __name__ == "__main__":
    main()
