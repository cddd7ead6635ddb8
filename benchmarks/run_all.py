"""Run all benchmarks, and show every result with its range, target and last recorded value.

    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py
    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py --only cleaning text_engine
    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py --record  # and record the values

Scripts that fail are named at the end; the others run regardless. The output of each is in
`benchmarks/out/`, with the table. `--record` copies both to `benchmarks/recorded/`, the source of
the figures in the documentation.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from record import RECORD_VARIABLE

HERE = Path(__file__).parent
OUT = HERE / "out"
RECORDED = HERE / "recorded"
VALUES = RECORDED / "values.json"
PEERS = ("scikit-learn", "skorch", "torch", "transformers", "optuna-integration", "onnxruntime")

# Arguments of Python, the longer runs last, each in its own process.
RUNS = {
    "cleaning": "benchmarks/bench_cleaning.py",
    "text_engine": "benchmarks/bench_text_engine.py",
    "one_text": "benchmarks/bench_one_text.py",
    "baseline": "benchmarks/bench_baseline.py",
    "languages": "benchmarks/bench_languages.py",
    "solvers": "benchmarks/bench_solvers.py",
    "solvers_sparse": "benchmarks/bench_solvers.py sparse",
    "multilabel": "benchmarks/bench_multilabel.py",
    "shapes": "benchmarks/bench_shapes.py",
    "classes": "benchmarks/bench_classes.py",
    "calibration": "benchmarks/bench_calibration.py",
    "embeddings": "benchmarks/bench_embeddings.py",
    "static": "benchmarks/bench_static.py",
    "explain": "benchmarks/bench_explain.py",
    "audit": "benchmarks/bench_audit.py",
    "drift": "benchmarks/bench_drift.py",
    "labelling": "benchmarks/bench_labelling.py",
    "statistics": "benchmarks/bench_statistics.py",
    "tuning": "benchmarks/bench_tuning.py",
    "defaults": "benchmarks/bench_defaults.py",
    "serving_tfidf": "benchmarks/bench_serving.py",
    "serving_minilm": "benchmarks/bench_serving.py --family finetune --workers 1 --compare",
    "serving_memory": "benchmarks/bench_serving.py --memory 50000",
    "help": "benchmarks/bench_help.py",
    "install": "benchmarks/bench_install.py",
    "predict": "benchmarks/bench_predict.py",
    "stream": "benchmarks/bench_stream.py",
    "stream_dask": "benchmarks/bench_stream_dask.py --rows 500000 --repeats 2",
    "devices": "benchmarks/bench_devices.py",
    "onnx": "benchmarks/bench_onnx.py",
    "compare": "-m agnews_sk compare --train-rows 8000 --epochs 2",
    "transformers": "benchmarks/bench_transformers.py padding freezing prediction training",
    "scratch": "benchmarks/bench_transformers.py scratch --seeds 1",
    "accuracy": "benchmarks/bench_transformers.py accuracy --rows 8000 --seeds 1",
    "long_texts": "benchmarks/bench_long_texts.py made_up embedding",
    "few_names": "benchmarks/bench_few_labels.py names",
    "few_defaults": "benchmarks/bench_few_labels.py defaults --labels 8 32 100 400",
    "few_defaults_more": "benchmarks/bench_few_labels.py defaults --labels 1000 4000",
    "few_setfit": "benchmarks/bench_few_labels.py setfit --labels 8 32",
    "few_setfit_more": "benchmarks/bench_few_labels.py setfit --labels 100 --seeds 0 1 "
    "--setfit-steps 469",
    "few_setfit_time": "benchmarks/bench_few_labels.py setfit --labels 400 --setfit-steps 10",
    "unlabelled": "benchmarks/bench_unlabelled.py",
    "cascade": "benchmarks/bench_cascade.py --rows 8000",
    "cascade_sets": "benchmarks/bench_cascade.py --sets",
    "distil": "benchmarks/bench_distil.py --sets",
    "recipe_mpnet": "benchmarks/bench_recipes.py mpnet",
    "recipe_minilm": "benchmarks/bench_recipes.py minilm",
    "recipe_student": "benchmarks/bench_recipes.py student",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--record", action="store_true", help=f"store in {RECORDED.name}/")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    last = recorded()
    found: dict[str, dict[str, Any]] = {}
    failed = []
    table = ""
    for name in options.only:
        claims, ok = run(name)
        found.update(claims)
        failed += [] if ok else [name]
        # Written after each script, because all of them may take hours.
        table = as_table(found, last)
        (OUT / "table.md").write_text(table)
        if options.record and ok:
            keep(name, claims)
    print(f"\n{describe_machine()}\n\n{table}")
    if failed:
        print(f"failed: {', '.join(failed)}; see {OUT}/NAME.err")
    return len(failed)


def run(name: str) -> tuple[dict[str, dict[str, Any]], bool]:
    """Run one script; return its results, and whether it succeeded."""
    start = time.perf_counter()
    printed, errors = OUT / f"{name}.txt", OUT / f"{name}.err"
    with tempfile.TemporaryDirectory() as folder, printed.open("w") as out, errors.open("w") as err:
        path = Path(folder) / "claims.jsonl"
        done = subprocess.run(
            [sys.executable, *RUNS[name].split()],
            cwd=HERE.parent,
            env={**os.environ, RECORD_VARIABLE: str(path), "COLUMNS": "100"},
            stdout=out,
            stderr=err,
            check=False,
        )
        lines = path.read_text().splitlines() if path.exists() else []
    minutes = (time.perf_counter() - start) / 60
    print(f"{name}: {'failed' if done.returncode else 'done'} in {minutes:.1f} min", flush=True)
    claims = [json.loads(line) for line in lines]
    return {one.pop("claim"): one for one in claims}, done.returncode == 0


def recorded() -> dict[str, dict[str, Any]]:
    """Return the recorded results."""
    return json.loads(VALUES.read_text()) if VALUES.exists() else {}


def keep(name: str, claims: dict[str, dict[str, Any]]) -> None:
    """Store the output of a script, and its results beside those of others."""
    RECORDED.mkdir(exist_ok=True)
    printed = (OUT / f"{name}.txt").read_text()
    folder = os.environ.get("AGNEWS_SK_DATA") or "AGNEWS_SK_DATA"
    (RECORDED / f"{name}.txt").write_text(printed.replace(folder, "AGNEWS_SK_DATA"))
    # Read anew: another process may have recorded other scripts.
    claims = dict(sorted({**recorded(), **claims}.items()))
    VALUES.write_text(json.dumps(claims, indent=1, ensure_ascii=False) + "\n")
    (RECORDED / "table.md").write_text(as_table(claims, {}))


def as_table(found: dict[str, dict[str, Any]], last: dict[str, dict[str, Any]]) -> str:
    """Return the results as a Markdown table."""
    head = ["", "median", "range", "target", *(["last recorded"] if last else [])]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for claim, one in found.items():
        values = one["values"]
        spread = f"{min(values):.4g} to {max(values):.4g}" if len(values) > 1 else ""
        row = [claim, f"{statistics.median(values):.4g}", spread, one["bar"]]
        if last:
            row.append(f"{statistics.median(last[claim]['values']):.4g}" if claim in last else "")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def describe_machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PEERS)
    return f"Python {platform.python_version()}, {os.cpu_count()} cores; {versions}"


if __name__ == "__main__":
    sys.exit(main())
