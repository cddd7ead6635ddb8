"""Measure our transformers against skorch's recipe, the Trainer and the pipeline of transformers.

    python benchmarks/bench_transformers.py padding training freezing prediction
    python benchmarks/bench_transformers.py accuracy --rows 8000
    python benchmarks/bench_transformers.py scratch
    python benchmarks/bench_transformers.py hardware --rows 60000 --epochs 3

Both sides run alternately in one process on the same rows, with their default number of threads.
Rows come from the folder `AGNEWS_SK_DATA` (train.csv, test.csv and more), or are synthetic if it is
not set. `training` needs `accelerate` for the Trainer.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn
import skorch
import torch
import transformers
from record import record
from rows import read_labelled
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder

from agnews_sk._core.home import data_path
from agnews_sk._core.pretrained import resolve_pretrained
from agnews_sk.classifiers import FineTunedTransformerClassifier, TransformerClassifier
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.datasets import load_train_test, make_news
from agnews_sk.nn import RaggedLoader
from agnews_sk.tokenization import PretrainedTokenizer, Vocabulary, WordTokenizer

BATCH_SIZE = 32
MAX_LENGTH = 128


class Rows(NamedTuple):
    """Clean texts and their labels."""

    train: list[str]
    y_train: np.ndarray
    test: list[str]
    y_test: np.ndarray

    def draw(self, n_rows: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
        """Return this many training rows, stratified by class."""
        if n_rows >= len(self.train):
            return self.train, self.y_train
        positions = np.arange(len(self.train))
        kept, _ = train_test_split(
            positions, train_size=n_rows, stratify=self.y_train, random_state=seed
        )
        return [self.train[i] for i in kept], self.y_train[kept]


def main() -> None:
    options = read_options()
    rows = read_rows()
    print(describe_machine())
    for part in options.parts:
        print(f"\n{part}")
        PARTS[part](rows, options)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="+", choices=list(PARTS))
    parser.add_argument("--rows", type=int, default=2_000, help="rows to train or predict on")
    parser.add_argument("--repeats", type=int, default=3, help="medians are of as many runs")
    parser.add_argument("--epochs", type=int, default=2, help="of the parts on accuracy")
    parser.add_argument("--seeds", type=int, default=3, help="of the parts on accuracy")
    parser.add_argument("--device", default="auto", help="of our side")
    parser.add_argument("--without", nargs="*", default=[], help="sides of `training` to leave out")
    return parser.parse_args()


def read_rows() -> Rows:
    folder = data_path()
    if folder:
        data = load_train_test(folder)
        frames = data.X_train, data.y_train, data.X_test, data.y_test
        print(f"rows read from {folder}")
    else:
        made = make_news(6_000, random_state=0)
        frames = train_test_split(made.data, made.target, test_size=0.2, random_state=0)
        frames = frames[0], frames[2], frames[1], frames[3]
        print("synthetic rows: set AGNEWS_SK_DATA to a folder with train.csv and test.csv")
    X_train, y_train, X_test, y_test = frames
    train, y_train = clean(X_train), np.asarray(y_train)
    joined = Path(folder or "") / "train_joined.csv"
    if joined.exists():  # further training rows, title and description in one column
        more, labels = read_labelled(joined)
        train, y_train = train + clean(more), np.concatenate([y_train, labels])
    return Rows(train, y_train, clean(X_test), np.asarray(y_test))


def clean(frame: Any) -> list[str]:
    return TextCleaner().fit_transform(ColumnJoiner().fit_transform(frame)).tolist()


def describe_machine() -> str:
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor()
    return (
        f"Python {platform.python_version()}, torch {torch.__version__}, transformers "
        f"{transformers.__version__}, skorch {skorch.__version__}, scikit-learn "
        f"{sklearn.__version__}; {torch.get_num_threads()} threads, {where or platform.machine()}"
    )


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_turns(runs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each run; the runs alternate."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            found[name].append(seconds(run))
    return found


def show_rates(
    what: str, n_texts: int, times: dict[str, list[float]], bars: dict[str, str]
) -> None:
    for name, taken in times.items():
        ratios = [theirs / ours for theirs, ours in zip(taken, times["ours"])]
        rate, ratio = n_texts / statistics.median(taken), statistics.median(ratios)
        print(
            f"  {name:<42}{rate:>9.1f} texts/s   ours is {ratio:>5.2f} x as fast "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
        if name != "ours":
            record(f"{what}, speedup over {name}", ratios, bar=bars[name])


def fine_tuned(options: argparse.Namespace, **params: Any) -> FineTunedTransformerClassifier:
    settings = {
        "max_epochs": 1,
        "batch_size": BATCH_SIZE,
        "max_length": MAX_LENGTH,
        "random_state": 0,
        "device": options.device,
    }
    return FineTunedTransformerClassifier(**{**settings, **params})


def as_in_pipeline(options: argparse.Namespace, **params: Any) -> FineTunedTransformerClassifier:
    """Average MiniLM's tokens, as `make_finetune_pipeline` does."""
    return fine_tuned(options, pooling="mean", **params)


# Padding


def measure_padding(rows: Rows, options: argparse.Namespace) -> None:
    texts, _ = rows.draw(options.rows)
    ids = PretrainedTokenizer(max_length=MAX_LENGTH).fit_transform(texts)
    classifier = fine_tuned(options, max_steps=1)
    classifier.fit(ids[:64], np.arange(64) % 2)
    dataset = classifier._dataset(ids)
    training = RaggedLoader(dataset, BATCH_SIZE, rng=np.random.default_rng(0)).padding_ratio
    prediction = RaggedLoader(dataset, BATCH_SIZE).padding_ratio
    lengths = dataset.lengths
    in_order = [lengths[i : i + BATCH_SIZE] for i in range(0, len(lengths), BATCH_SIZE)]
    longest = sum(batch.max() * len(batch) for batch in in_order) / lengths.sum()
    print(f"  ours: {training:.3f} in training, {prediction:.3f} in prediction (target: 1.08)")
    record("padded relative to real tokens, training", training, bar="<= 1.08")
    record("padded relative to real tokens, prediction", prediction, bar="<= 1.08")
    print(f"  batches in order: {longest:.3f}; all padded to 256: {256 / lengths.mean():.3f}")


# Speed of training


def measure_training(rows: Rows, options: argparse.Namespace) -> None:
    texts, y = rows.draw(options.rows)
    target = LabelEncoder().fit_transform(y)
    y_test = LabelEncoder().fit_transform(rows.y_test)
    test = rows.test[:1_000]
    sides: dict[str, Callable[[int], Callable[[list[str]], np.ndarray]]] = {
        "ours": lambda seed: as_in_pipeline(options, random_state=seed).fit(texts, target).predict,
        "skorch": lambda seed: skorch_recipe(texts, target, seed),
        "trainer": lambda seed: trainer(texts, target, "random", seed),
        "trainer_grouped": lambda seed: trainer(texts, target, "group_by_length", seed),
    }
    sides = {name: side for name, side in sides.items() if name not in options.without}
    predictors: dict[str, list[Callable[[list[str]], np.ndarray]]] = {name: [] for name in sides}

    def keep(name: str) -> None:
        seed = len(predictors[name])  # another one in each repeat
        predictors[name].append(sides[name](seed))

    runs = {name: lambda name=name: keep(name) for name in sides}
    bars = {"skorch": ">= 5", "trainer": ">= 2.5", "trainer_grouped": ">= 1.3"}
    show_rates("fine-tuning", len(texts), in_turns(runs, options.repeats), bars)
    for name, predicts in predictors.items():
        found = [np.mean(predict(test) == y_test[: len(test)]) for predict in predicts]
        accuracies = ", ".join(f"{accuracy:.4f}" for accuracy in found)
        print(f"  {name:<42}accuracy {accuracies} on {len(test)} test rows, one seed each")
        record(f"fine-tuning on {len(texts):,} rows, accuracy of {name}", found)


def skorch_recipe(
    texts: list[str], target: np.ndarray, seed: int
) -> Callable[[list[str]], np.ndarray]:
    """Train as skorch's guide to Hugging Face does, and return a function that predicts."""
    from skorch import NeuralNetClassifier
    from skorch.hf import HuggingfacePretrainedTokenizer

    class Logits(torch.nn.Module):
        def __init__(self, name, n_classes):
            super().__init__()
            self.model = transformers.AutoModelForSequenceClassification.from_pretrained(
                name, num_labels=n_classes
            )

        def forward(self, **inputs):
            return self.model(**inputs).logits

    source = resolve_pretrained(None)
    torch.manual_seed(seed)
    pipeline = make_pipeline(
        HuggingfacePretrainedTokenizer(source),
        NeuralNetClassifier(
            Logits,
            module__name=source,
            module__n_classes=len(np.unique(target)),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            lr=1e-4,
            max_epochs=1,
            batch_size=BATCH_SIZE,
            train_split=None,
            verbose=0,
        ),
    )
    return pipeline.fit(texts, target).predict


def trainer(
    texts: list[str], target: np.ndarray, sampling: str, seed: int
) -> Callable[[list[str]], np.ndarray]:
    """Train with the Trainer of transformers, and return a function that predicts."""
    source = resolve_pretrained(None)
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)

    def encode(some_texts: list[str], labels: np.ndarray) -> list[dict[str, Any]]:
        encoded = tokenizer(some_texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]
        return [{"input_ids": i, "labels": int(label)} for i, label in zip(encoded, labels)]

    transformers.set_seed(seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        source, num_labels=len(np.unique(target))
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder,
            num_train_epochs=1,
            seed=seed,
            learning_rate=1e-4,
            per_device_train_batch_size=BATCH_SIZE,
            per_device_eval_batch_size=BATCH_SIZE,
            train_sampling_strategy=sampling,
            save_strategy="no",
            report_to="none",
            logging_strategy="no",
            disable_tqdm=True,
        )
        trained = transformers.Trainer(
            model, arguments, train_dataset=encode(texts, target), processing_class=tokenizer
        )
        with redirect_stdout(sys.stderr):  # its log
            trained.train()
        trained.args.train_sampling_strategy = "random"  # or predictions come grouped by length

    def predict(some_texts: list[str]) -> np.ndarray:
        dataset = encode(some_texts, np.zeros(len(some_texts)))
        return trained.predict(dataset).predictions.argmax(axis=1)

    return predict


# Frozen layers


def measure_freezing(rows: Rows, options: argparse.Namespace) -> None:
    texts, y = rows.draw(options.rows)
    whole = fine_tuned(options, max_epochs=1).fit(texts, y).history_["dur"]
    frozen = fine_tuned(options, max_epochs=3, freeze=4).fit(texts, y).history_["dur"]
    print(f"  all layers trained                {len(texts) / whole[0]:>9.1f} texts/s")
    for epoch, time_taken in enumerate(frozen, start=1):
        rate, ratio = len(texts) / time_taken, whole[0] / time_taken
        print(f"  lower 4 frozen, epoch {epoch}           {rate:>9.1f} texts/s, {ratio:>5.2f} x")
    record("lower 4 layers frozen, speedup over training all", whole[0] / frozen[1:], bar=">= 3")


# Speed of prediction


def measure_prediction(rows: Rows, options: argparse.Namespace) -> None:
    texts = rows.test[: options.rows]
    some_texts, some_y = rows.draw(256)
    classifier = fine_tuned(options).fit(some_texts, some_y)
    tokenizer = transformers.AutoTokenizer.from_pretrained(resolve_pretrained(None))
    theirs = transformers.pipeline(
        "text-classification", model=classifier.net_.module_.eval(), tokenizer=tokenizer
    )

    def ask_theirs() -> list[list[dict[str, Any]]]:
        return theirs(texts, top_k=None, truncation=True, max_length=MAX_LENGTH)

    runs = {"ours": lambda: classifier.predict_proba(texts), "pipeline of transformers": ask_theirs}
    bars = {"pipeline of transformers": ">= 2.4"}
    show_rates("prediction", len(texts), in_turns(runs, options.repeats), bars)
    ours = classifier.predict_proba(texts)
    column = {str(label): i for i, label in enumerate(classifier.classes_)}
    expected = np.zeros_like(ours)
    for i, answer in enumerate(ask_theirs()):
        for one in answer:
            expected[i, column[one["label"]]] = one["score"]
    difference = np.abs(ours - expected).max()
    record("prediction, largest difference of probabilities", difference, bar="<= 1e-5")
    print(f"  largest difference of probabilities: {difference:.1e}")
    backwards = classifier.predict_proba(texts[::-1])[::-1]
    print(f"  largest difference in reverse order: {np.abs(ours - backwards).max():.1e}")


# Accuracy


def measure_accuracy(rows: Rows, options: argparse.Namespace) -> None:
    for seed in range(options.seeds):
        texts, y = rows.draw(options.rows, seed)
        start = time.perf_counter()
        classifier = as_in_pipeline(options, max_epochs=options.epochs, random_state=seed)
        ours = classifier.fit(texts, y).score(rows.test, rows.y_test)
        time_taken = time.perf_counter() - start
        linear = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            LogisticRegression(C=10.0, max_iter=300),
        )
        theirs = linear.fit(texts, y).score(rows.test, rows.y_test)
        print(
            f"  seed {seed}, {len(texts):,} rows, {options.epochs} epochs: fine-tuned {ours:.4f} "
            f"({time_taken:.0f} s), TF-IDF + logistic regression {theirs:.4f}, on "
            f"{len(rows.test):,} test rows",
            flush=True,
        )
        what = f"accuracy, seed {seed}, {len(texts):,} rows, {options.epochs} epochs"
        record(f"{what}, MiniLM fine-tuned", ours, bar=">= 0.905" if len(texts) <= 8_000 else "")
        record(f"{what}, scikit-learn's TF-IDF + logistic regression", theirs)


def measure_scratch(rows: Rows, options: argparse.Namespace) -> None:
    """Train on all rows, ignoring --rows."""
    for seed in range(options.seeds):
        start = time.perf_counter()
        pipeline = make_pipeline(
            WordTokenizer(lowercase=True),
            Vocabulary(max_size=30_000),
            TransformerClassifier(random_state=seed, device=options.device),
        )
        pipeline.fit(rows.train, rows.y_train)
        accuracy = pipeline.score(rows.test, rows.y_test)
        print(
            f"  seed {seed}, {len(rows.train):,} rows: {accuracy:.4f} on {len(rows.test):,} test "
            f"rows, {time.perf_counter() - start:.0f} s",
            flush=True,
        )
        record(f"accuracy, seed {seed}, all rows, from scratch", accuracy, bar=">= 0.915")


# The hardware


def measure_hardware(rows: Rows, options: argparse.Namespace) -> None:
    """Show the share of peak FLOP/s that training uses, and the time to 93 % accuracy."""
    texts, y = rows.draw(options.rows)
    classifier = as_in_pipeline(options, max_epochs=options.epochs)
    classifier.fit(texts, y, X_val=rows.test, y_val=rows.y_test)
    history = classifier.history_
    module = classifier.net_.module_
    lengths = PretrainedTokenizer(max_length=MAX_LENGTH).fit_transform(texts).list.len().to_numpy()
    reached = history.index[history["valid_accuracy"] >= 0.93]
    seconds_to = (
        f"{history['dur'].loc[: reached[0]].sum():.0f} s" if len(reached) else "not reached"
    )
    epoch = history["dur"].min()
    peak = peak_flops(next(module.parameters()).device)
    share = training_flops(module, lengths) / epoch / peak
    print(f"  {len(texts) / epoch:.1f} texts/s, validation included; 0.93 right: {seconds_to}")
    print(f"  {share:.0%} of {peak / 1e12:.2f} TFLOP/s, what one product in bfloat16 reaches here")
    record("hardware, share of the bfloat16 peak in training", share)


def training_flops(module: torch.nn.Module, lengths: np.ndarray) -> float:
    """Return the operations of an epoch: Kaplan et al. 2020, table 1; backward is twice forward."""
    linear = [m.weight for m in module.modules() if isinstance(m, torch.nn.Linear)]
    config = module.config
    products = 2 * sum(weight.numel() for weight in linear) * lengths.sum()
    attention = 4 * config.num_hidden_layers * config.hidden_size * np.square(lengths, dtype=float)
    return 3 * (products + attention.sum())


def peak_flops(device: torch.device, size: int = 4096) -> float:
    """Return the operations per second of a large matrix product, the best of five."""
    left = torch.ones(size, size, dtype=torch.bfloat16, device=device)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        (left @ left)[0, 0].item()  # waits for the device
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times)


PARTS: dict[str, Callable[[Rows, argparse.Namespace], None]] = {
    "padding": measure_padding,
    "training": measure_training,
    "freezing": measure_freezing,
    "prediction": measure_prediction,
    "accuracy": measure_accuracy,
    "scratch": measure_scratch,
    "hardware": measure_hardware,
}

if __name__ == "__main__":
    main()
