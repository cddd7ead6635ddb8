"""How soon texts that a model was not meant for are noticed, and how often nothing is.

A TF-IDF pipeline is trained on AG News, its reference made of held-out rows, and a `DriftMonitor`
gets other rows one by one: as they are, and rewritten like tweets; and Chinese headlines. The clean
streams are draws of rows that neither the model nor the reference has seen.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_drift.py [--streams 200] [--long 2000]

Chinese rows are read from `../languages/zh_test.csv` beside the folder, if it is there.
"""

import argparse
import re
import time
from pathlib import Path

import numpy as np
from record import record
from rows import agnews_folder, read_labelled

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import DriftMonitor, TextReference, audit_against, confidences_of
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_texts

N_TRAIN, N_REFERENCE, N_CHANGED = 16_000, 2_000, 300
STATISTIC_NAMES = ("unknown words", "confidence", "bits per trigram")
SHORTER = {
    "you": "u", "are": "r", "to": "2", "for": "4", "and": "&", "with": "w/", "because": "bc",
    "people": "ppl", "please": "pls", "before": "b4", "great": "gr8", "tonight": "2nite",
    "today": "2day", "government": "govt", "president": "pres", "million": "m", "billion": "bn",
    "company": "co", "says": "sez", "said": "sed", "about": "abt", "through": "thru",
}  # fmt: skip
ENDS = ("", " lol", " smh", " #news", " omg", " ...", " rt @newsfan", " http://t.co/x1")


def as_tweet(text: str, i: int) -> str:
    """Rewrite a text like a tweet: cut, in lower case, with abbreviations, hashtags, a mention.

    What is chosen depends on the position of the row, so that the same rows are the same tweets.
    """
    kept = [SHORTER.get(word, word) for word in re.findall(r"\w+|[!?]", text.lower())[:22]]
    for k in range(i % 4, len(kept), 7):
        if len(kept[k]) > 4:
            kept[k] = f"#{kept[k]}"
    mention = f"@user{i % 97} " if i % 3 == 0 else ""
    return mention + " ".join(kept) + ENDS[i % len(ENDS)]


def joined(X) -> np.ndarray:
    return np.asarray(ColumnJoiner().fit_transform(X))


def bins_of(reference: TextReference, model, texts: np.ndarray) -> np.ndarray:
    """Return the statistics of texts, so that many streams can be drawn from them."""
    return reference.known.bins(texts, confidences_of(model, model.predict_proba(texts)))


def noticed_after(reference: TextReference, bins: np.ndarray, n_draws: int) -> list[float]:
    """Return how many texts it takes until the alarm, for several orders of the texts."""
    found = []
    for seed in range(n_draws):
        monitor = DriftMonitor(reference, random_state=seed)
        order = np.random.default_rng(seed).permutation(len(bins))[:N_CHANGED]
        monitor.update_bins(bins[order])
        found.append(float(monitor.alarm_at or np.inf))
    return found


def show_changed(name: str, reference: TextReference, model, texts: np.ndarray) -> None:
    """Print and record after how many texts a change is noticed."""
    report = audit_against(model, texts[:N_CHANGED], reference)
    print(f"\n{name}: for example {texts[0]!r:.100}")
    for shown, (_, test) in zip(STATISTIC_NAMES, report.tests.iterrows()):
        print(
            f"  {shown:<17} {test['mean']:7.3f}, {test['reference']:7.3f} in the reference, "
            f"p = {test['p_value']:.1g}"
        )
    after = noticed_after(reference, bins_of(reference, model, texts), 20)
    print(f"  alarm after {np.median(after):.0f} texts, at most {max(after):.0f} in 20 orders")
    record(f"drift to {name}, texts until the alarm", after, bar=f"<= {N_CHANGED}")


def show_clean(reference: TextReference, bins: np.ndarray, n_streams: int, n_long: int) -> None:
    """Print and record how many streams without a change raise an alarm."""
    n_alarms = n_early = 0
    for seed in range(n_streams):
        order = np.random.default_rng(1_000 + seed).permutation(len(bins))[:n_long]
        monitor = DriftMonitor(reference, random_state=seed)
        n_alarms += monitor.update_bins(bins[order])
        n_early += monitor.alarm_at is not None and monitor.alarm_at <= N_CHANGED
    share = 100 * n_alarms / n_streams
    print(f"\n{n_streams} streams of {n_long:,} rows without a change: {n_alarms} alarms,")
    print(f"  {share:.1f} %; {n_early} of them within {N_CHANGED} rows")
    record("streams without drift that raise an alarm, %", share, bar="<= 5")


def show_audits(reference: TextReference, model, texts: np.ndarray, n_draws: int = 100) -> None:
    """Print and record how many samples without a change differ by `audit_against`."""
    n_drifted = 0
    for seed in range(n_draws):
        rows = np.random.default_rng(2_000 + seed).permutation(len(texts))[:N_CHANGED]
        n_drifted += audit_against(model, texts[rows], reference).drifted
    print(f"{n_draws} samples of {N_CHANGED} rows without a change: {n_drifted} differ")
    record("samples without drift that differ, %", 100 * n_drifted / n_draws, bar="<= 5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200, help="without a change")
    parser.add_argument("--long", type=int, default=2_000, help="rows of each of these")
    options = parser.parse_args()
    folder = agnews_folder()
    X, y = read_labelled(folder / "train.csv")
    order = np.random.default_rng(0).permutation(len(y))
    texts = joined(X)[order]
    train = texts[:N_TRAIN]
    model = make_tfidf_pipeline().fit(train, np.asarray(y)[order][:N_TRAIN])
    held_out, new = np.split(texts[N_TRAIN:], [N_REFERENCE])
    reference = TextReference.of(model, held_out, train)
    print(f"trained on {len(train):,} rows, reference of {reference.n_texts:,}, {len(new):,} new")
    start = time.process_time()
    bins = bins_of(reference, model, new)
    print(f"predicted and measured in {time.process_time() - start:.1f} s of processor time")
    tweets = np.array([as_tweet(text, i) for i, text in enumerate(new[:3_000])], dtype=object)
    show_changed("tweets", reference, model, tweets)
    chinese = Path(folder).parent / "languages" / "zh_test.csv"
    if chinese.is_file():
        rows = joined(load_texts(chinese).data)
        show_changed("Chinese", reference, model, rows)
    show_clean(reference, bins, options.streams, options.long)
    show_audits(reference, model, new)
    start = time.process_time()
    DriftMonitor(reference).update(list(new[:2_000]), np.full((2_000, 4), 0.25))
    cost = (time.process_time() - start) / 2_000 * 1e6
    print(f"{cost:.0f} microseconds of processor time per text")
    record("drift monitor, microseconds per text", cost)


if __name__ == "__main__":
    main()
