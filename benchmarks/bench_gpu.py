"""Fine-tune MiniLM and MPNet on a GPU: accuracy, speed, share of the card's rate, soft labels.

    python benchmarks/bench_gpu.py --out figures
    python benchmarks/bench_gpu.py device minilm --rows 200 --epochs 1 --device cpu

Each part runs in a process of its own, on a GPU for at most the seconds in `LIMITS`, and together
for at most `--seconds`. What it finds is written to `results.json` in `--out` as soon as it is
known, so that a part that fails or runs out of time keeps what is done. Rows come from the folder
`AGNEWS_SK_DATA`; `--rows` takes some of them.

- `device`: does what is trained on the device train, save, load without it, and resume; how often
  training and prediction wait for it.
- `minilm`, `mpnet`: accuracy on the test rows, texts/s, share of the peak in bfloat16. The
  probabilities of the test rows are in `minilm.npz` and `mpnet.npz`.
- `soft_labels`: out-of-fold probabilities of MPNet for the training rows, in their order, in
  `soft_labels.npz`; equal texts are in one fold. Rows of folds that are not done are NaN.
- `long_texts`, `multilabel`: the benchmarks of these names, fine-tuning, with their own data.
"""

import argparse
import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from bench_transformers import Rows, describe_machine, read_rows, training_flops
from record import record
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold

from agnews_sk._core.content import content_digest
from agnews_sk._core.device import choose_device
from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.evaluation._exact import share_interval
from agnews_sk.persistence import save
from agnews_sk.tokenization import PretrainedTokenizer

HERE = Path(__file__).parent
LIMITS = {
    "device": 60,
    "minilm": 120,
    "mpnet": 200,
    "soft_labels": 240,
    "long_texts": 150,
    "multilabel": 120,
}
MAX_LENGTH = 128
MINILM = {"max_epochs": 3}
MPNET = {"max_epochs": 3, "batch_size": 64, "learning_rate": 5e-5, "layer_decay": 0.9}
# Dense bfloat16 with float32 sums, by the vendor.
DATASHEET = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L4": 121e12, "V100": 125e12}
FOLDS = (5, 4, 3)
LOAD = """
import pickle, sys, numpy as np, torch
from agnews_sk.persistence import load
assert not torch.cuda.is_available()
texts = sys.argv[3:]
saved = load(sys.argv[1]).predict_proba(texts)
pickled = pickle.load(open(sys.argv[2], "rb")).predict_proba(texts)
np.save(sys.argv[1] + ".npy", np.stack([saved, pickled]))
"""


def main() -> None:
    options = read_options()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.only:
        run_part(options.only, options)
        return
    print(describe_machine(), flush=True)
    end = time.monotonic() + options.seconds
    for part in options.parts:
        on_cpu = choose_device(options.device) == "cpu"
        limit = min(end - time.monotonic(), np.inf if on_cpu else LIMITS[part])
        if limit < 10:
            print(f"{part}: no time left", flush=True)
            continue
        print(f"\n{part}", flush=True)
        start = time.monotonic()
        arguments = [sys.executable, __file__, *sys.argv[1:], "--only", part]
        try:
            code = subprocess.run([*arguments, "--limit", str(limit)], timeout=limit).returncode
        except subprocess.TimeoutExpired:
            code = "stopped at its limit"
        keep(options, part, {"exit": code, "seconds_in_all": round(time.monotonic() - start, 1)})


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument(
        "--mpnet", default="all-mpnet-base-v2", help="its folder, if the packages are not installed"
    )
    parser.add_argument("--rows", type=int, default=10**9, help="training rows, and test rows")
    parser.add_argument("--epochs", type=int, help="instead of those of each part")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--long", help="CSV of long texts with the columns label and text")
    parser.add_argument("--sets", help="folder of GoEmotions")
    parser.add_argument("--out", type=Path, default=HERE / "out" / "gpu")
    parser.add_argument("--seconds", type=float, default=480, help="of all parts together")
    parser.add_argument("--only", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, default=10**9, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown parts: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


def run_part(part: str, options: argparse.Namespace) -> None:
    options.stop_at = time.monotonic() + options.limit
    try:
        PARTS[part](options)
    except Exception:
        traceback.print_exc()
        keep(options, part, {"error": traceback.format_exc()[-2_000:]})
        sys.exit(1)


def keep(options: argparse.Namespace, part: str, found: dict[str, Any]) -> None:
    """Print what a part has found, and add it to the file."""
    path = options.out / "results.json"
    known = json.loads(path.read_text()) if path.exists() else {"machine": describe_machine()}
    known[part] = {**known.get(part, {}), **found}
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(known, indent=1) + "\n")
    unfinished.replace(path)
    for name, value in found.items():
        print(f"  {name}: {value}", flush=True)


def rows_of(options: argparse.Namespace) -> Rows:
    rows = read_rows()
    texts, y = rows.draw(options.rows)
    return Rows(texts, y, rows.test[: options.rows], rows.y_test[: options.rows])


def make(options: argparse.Namespace, **params: Any) -> FineTunedTransformerClassifier:
    """Average the tokens, for which both models were pretrained."""
    shared = {"pooling": "mean", "max_length": MAX_LENGTH, "random_state": 0}
    epochs = {} if options.epochs is None else {"max_epochs": options.epochs}
    return FineTunedTransformerClassifier(
        **{**shared, **params, **epochs, "device": options.device}
    )


def synchronize(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def product_rate(device: str) -> float:
    """Return the operations per second of a large product of random matrices in bfloat16."""
    size = 512 if torch.device(device).type == "cpu" else 8192
    left, right = torch.randn(2, size, size, device=device).bfloat16()
    times = []
    for _ in range(8):
        synchronize(device)
        start = time.perf_counter()
        left @ right
        synchronize(device)
        times.append(time.perf_counter() - start)
    return 2 * size**3 / float(np.median(times[2:]))


# What a device must do


def measure_device(options: argparse.Namespace) -> None:
    rows = rows_of(options)
    texts, y = rows.train[:512], rows.y_train[:512]
    some = rows.test[:64]
    trained = make(options, max_epochs=1).fit(texts, y)
    keep(options, "device", {"device": str(next(trained.net_.module_.parameters()).device)})
    checks: dict[str, Callable[[], Any]] = {
        "loaded without the device, largest difference": lambda: loads_elsewhere(trained, some),
        "waits in training": lambda: waits(lambda: make(options, max_steps=40).fit(texts, y)),
        "waits in prediction": lambda: waits(lambda: trained.predict_proba(texts)),
        "waits with frozen layers": lambda: waits(
            lambda: make(options, max_epochs=2, freeze=3).fit(texts, y)
        ),
        "waits with validation": lambda: waits(
            lambda: make(options, max_epochs=1, patience=1, validation_fraction=0.5).fit(texts, y)
        ),
        "resumed training, largest difference": lambda: resumes(options, texts, y, some),
        "chunks": lambda: chunks(options, texts, y, some),
        "warm start": lambda: warm(options, texts, y, some),
        "weights, sgd, focal loss": lambda: weighted(options, texts, y),
        "lora": lambda: make(options, max_steps=4, lora=4).fit(texts, y).score(texts, y),
        "compiled, seconds for 20 steps": lambda: compiled(options, texts, y),
    }
    for name, check in checks.items():
        try:
            found = check()
        except Exception as error:
            traceback.print_exc()
            found = f"{type(error).__name__}: {error}"[:300]
        keep(options, "device", {name: found})


def loads_elsewhere(trained: FineTunedTransformerClassifier, texts: list[str]) -> list[float]:
    """Return how far a saved and a pickled model differ in a process without an accelerator."""
    expected = trained.predict_proba(texts)
    with tempfile.TemporaryDirectory() as folder:
        model, pickled = Path(folder) / "model", Path(folder) / "model.pkl"
        save(trained, model)
        pickled.write_bytes(pickle.dumps(trained))
        without = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        arguments = [sys.executable, "-c", LOAD, str(model), str(pickled), *texts]
        subprocess.run(arguments, env=without, check=True)
        found = np.load(f"{model}.npy")
    return [float(np.abs(one - expected).max()) for one in found]


def waits(run: Callable[[], Any]) -> dict[str, int]:
    """Return how often each line of Python made the processor wait for the GPU."""
    if not torch.cuda.is_available():
        return {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            run()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    where = Counter(
        f"{'/'.join(Path(w.filename).parts[-3:])}:{w.lineno}"
        for w in caught
        if "synchroniz" in str(w.message)
    )
    return dict(where.most_common(12))


def resumes(options: argparse.Namespace, texts: list[str], y: Any, some: list[str]) -> float:
    """Return how far a training run that was stopped and resumed differs from a whole one."""
    from skorch.callbacks import Callback

    class Stop(Callback):
        stops = True

        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2 and self.stops:
                raise RuntimeError("stopped")

    whole = make(options, max_epochs=2).set_params(max_epochs=2)
    expected = whole.fit(texts, y).predict_proba(some)
    with tempfile.TemporaryDirectory() as folder:
        stop = Stop()
        resumed = clone(whole).set_params(checkpoint_dir=folder, callbacks=[stop])
        with contextlib.suppress(RuntimeError):
            resumed.fit(texts, y)
        Stop.stops = False
        found = resumed.fit(texts, y).predict_proba(some)
    return float(np.abs(found - expected).max())


def chunks(options: argparse.Namespace, texts: list[str], y: Any, some: list[str]) -> list[float]:
    """Return the spread of probabilities over batch sizes, for each pooling of chunks."""
    found = []
    for pooling in ("mean", "max", "attention"):
        settings = {"max_length": 16, "truncation": "chunk", "chunk_pooling": pooling}
        classifier = make(options, max_steps=4, **settings).fit(texts, y)
        probabilities = classifier.predict_proba(some)
        classifier.net_.batch_size = 5
        found.append(float(np.abs(classifier.predict_proba(some) - probabilities).max()))
    return found


def warm(options: argparse.Namespace, texts: list[str], y: Any, some: list[str]) -> list[float]:
    classifier = make(options, max_steps=4, warm_start=True)
    return [float(classifier.fit(texts, y).score(texts, y)) for _ in range(2)]


def weighted(options: argparse.Namespace, texts: list[str], y: Any) -> list[float]:
    settings = [
        {"class_weight": "balanced", "loss": "focal"},
        {"optimizer": "sgd", "learning_rate": 1e-2},
        {"optimizer": "adafactor", "accumulate": 2},
        {"gradual_unfreezing": True, "tokens_per_batch": 2_000, "max_epochs": 2},
    ]
    return [
        float(make(options, **{"max_epochs": 1, **one}).fit(texts, y).score(texts, y))
        for one in settings
    ]


def compiled(options: argparse.Namespace, texts: list[str], y: Any) -> float:
    start = time.perf_counter()
    make(options, max_steps=20, compile=True).fit(texts, y)
    return round(time.perf_counter() - start, 1)


# Accuracy and speed


def measure_minilm(options: argparse.Namespace) -> None:
    measure_model("minilm", make(options, **MINILM), options, bar=">= 0.942")


def measure_mpnet(options: argparse.Namespace) -> None:
    classifier = make(options, model=options.mpnet, **MPNET)
    measure_model("mpnet", classifier, options, bar=">= 0.950")


def measure_model(
    part: str, classifier: FineTunedTransformerClassifier, options: argparse.Namespace, bar: str
) -> None:
    rows = rows_of(options)
    device = choose_device(options.device)
    tokenizer = PretrainedTokenizer(model=classifier.model, max_length=MAX_LENGTH)
    start = time.perf_counter()
    ids = tokenizer.fit_transform(rows.train)
    keep(options, part, {"tokenized texts/s": round(len(ids) / (time.perf_counter() - start))})
    lengths = ids.list.len().to_numpy()
    torch.zeros(1, device=device)  # the device starts outside of the time
    rate = product_rate(device)
    start = time.perf_counter()
    classifier.fit(ids, rows.y_train)
    synchronize(device)
    seconds = time.perf_counter() - start
    epoch = float(classifier.history_["dur"].min())
    flops = training_flops(classifier.net_.module_, lengths)
    name = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"
    sheet = next((peak for card, peak in DATASHEET.items() if card in name), None)
    found = {
        "n_train": len(ids),
        "seconds of fit": round(seconds, 2),
        "seconds per epoch": [round(s, 2) for s in classifier.history_["dur"]],
        "training texts/s": round(len(ids) / epoch, 1),
        "training TFLOP/s": round(flops / epoch / 1e12, 2),
        "product TFLOP/s": round(rate / 1e12, 1),
        "share of the product's rate": round(flops / epoch / rate, 4),
        "share of the data sheet's rate": None
        if sheet is None
        else round(flops / epoch / sheet, 4),
        "training losses": [round(loss, 4) for loss in classifier.history_["train_loss"]],
    }
    keep(options, part, found)
    test_model(part, classifier, tokenizer, rows, options, bar)


def test_model(
    part: str,
    classifier: FineTunedTransformerClassifier,
    tokenizer: PretrainedTokenizer,
    rows: Rows,
    options: argparse.Namespace,
    bar: str,
) -> None:
    ids = tokenizer.transform(rows.test)
    probabilities, seconds = timed_prediction(classifier, ids)
    right = rows.y_test == classifier.classes_[probabilities.argmax(axis=1)]
    low, high = share_interval(right.sum(), len(right), 0.95)
    keep(
        options,
        part,
        {
            "accuracy": round(float(right.mean()), 5),
            "interval": [round(float(low), 5), round(float(high), 5)],
            "log loss": round(log_loss(rows.y_test, probabilities, labels=classifier.classes_), 4),
            "n_test": len(right),
            "prediction texts/s, float32": round(len(right) / seconds),
        },
    )
    record(f"{part} on all rows, accuracy", float(right.mean()), bar=bar)
    np.savez_compressed(
        options.out / f"{part}.npz",
        test=probabilities.astype(np.float32),
        classes=classifier.classes_.astype(str),
        test_digest=content_digest(rows.test),
    )
    torch.backends.cuda.matmul.allow_tf32 = True
    faster, seconds = timed_prediction(classifier, ids)
    torch.backends.cuda.matmul.allow_tf32 = False
    keep(
        options,
        part,
        {
            "prediction texts/s, TF32": round(len(right) / seconds),
            "TF32, largest difference of probabilities": float(
                np.abs(faster - probabilities).max()
            ),
        },
    )


def timed_prediction(
    classifier: FineTunedTransformerClassifier, ids: pl.Series
) -> tuple[np.ndarray, float]:
    classifier.predict_proba(ids[:256])
    start = time.perf_counter()
    probabilities = classifier.predict_proba(ids)
    return probabilities, time.perf_counter() - start


# Soft labels


def measure_soft_labels(options: argparse.Namespace) -> None:
    rows = rows_of(options)
    settings = {"model": options.mpnet, **MPNET, "max_epochs": 2}
    tokenizer = PretrainedTokenizer(model=settings["model"], max_length=MAX_LENGTH)
    ids, test = tokenizer.fit_transform(rows.train), tokenizer.transform(rows.test)
    classes = np.unique(rows.y_train)
    soft = np.full((len(ids), len(classes)), np.nan, dtype=np.float32)
    of_test = []
    groups = pd.factorize(pd.Series(rows.train))[0]
    n_folds = affordable_folds(options, len(ids), settings["max_epochs"])
    keep(options, "soft_labels", {"folds": n_folds})
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=0)
    for number, (inner, outer) in enumerate(splitter.split(soft, rows.y_train, groups), start=1):
        start = time.perf_counter()
        classifier = make(options, **settings).fit(ids[inner], rows.y_train[inner])
        soft[outer] = classifier.predict_proba(ids[outer])
        of_test.append(classifier.predict_proba(test))
        np.savez_compressed(
            options.out / "soft_labels.npz",
            train=soft.astype(np.float16),
            test=np.mean(of_test, axis=0).astype(np.float16),
            classes=classes.astype(str),
            train_digest=content_digest(rows.train),
            test_digest=content_digest(rows.test),
        )
        done = ~np.isnan(soft[:, 0])
        y, found = rows.y_train[done], soft[done].astype(np.float64)
        found /= found.sum(axis=1, keepdims=True)
        keep(
            options,
            "soft_labels",
            {
                "folds done": number,
                "rows done": int(done.sum()),
                "accuracy out of fold": round(accuracy_score(y, classes[found.argmax(axis=1)]), 5),
                "log loss out of fold": round(log_loss(y, found, labels=classes), 5),
                "accuracy on test rows, mean of the folds": round(
                    accuracy_score(rows.y_test, classes[np.mean(of_test, axis=0).argmax(axis=1)]), 5
                ),
                "seconds of the last fold": round(time.perf_counter() - start, 1),
            },
        )


def affordable_folds(options: argparse.Namespace, n_rows: int, epochs: int) -> int:
    """Return the most folds that the time allows at the speed of the part `mpnet`."""
    path = options.out / "results.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    rate = known.get("mpnet", {}).get("training texts/s")
    if rate is None:
        return FOLDS[-1]
    left = options.stop_at - time.monotonic()
    # A tenth for loading, predicting and writing.
    costs = {k: 1.1 * n_rows * (k - 1) * epochs / rate + 3 * k for k in FOLDS}
    return next((k for k, cost in costs.items() if cost < left), FOLDS[-1])


# The benchmarks of other kinds of data


def measure_long_texts(options: argparse.Namespace) -> None:
    data = ["--data", options.long] if options.long else []
    run_script("long_texts", ["bench_long_texts.py", "fine_tuning", *data], options)


def measure_multilabel(options: argparse.Namespace) -> None:
    data = ["--data", options.sets] if options.sets else []
    data += ["--epochs", str(options.epochs)] if options.epochs else []
    run_script("multilabel", ["bench_multilabel.py", "--finetune", *data], options)


def run_script(part: str, arguments: list[str], options: argparse.Namespace) -> None:
    """Run a script to its end or for the time left, and keep the end of what it prints."""
    script, *rest = arguments
    log = options.out / f"{part}.log"
    limit = max(options.stop_at - time.monotonic() - 5, 1)
    command = [sys.executable, "-u", str(HERE / script), *rest]
    with log.open("w") as file:
        try:
            code: Any = subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, timeout=limit
            ).returncode
        except subprocess.TimeoutExpired:
            code = "stopped at its limit"
    keep(options, part, {"script": code, "output": log.read_text()[-3_000:].splitlines()})


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "device": measure_device,
    "minilm": measure_minilm,
    "mpnet": measure_mpnet,
    "soft_labels": measure_soft_labels,
    "long_texts": measure_long_texts,
    "multilabel": measure_multilabel,
}

if __name__ == "__main__":
    main()
