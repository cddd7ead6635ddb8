"""Run all benchmarks, and show every claim with its spread, its bar and the last recorded value.

    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py
    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py --only cleaning text_engine
    AGNEWS_SK_DATA=FOLDER python benchmarks/run_all.py --record  # and keep the values for next time

A script that fails is named at the end, and the others run all the same. What each printed is in
`benchmarks/out/`. The table goes to standard output and to `benchmarks/out/table.md`.
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
RECORDED = HERE / "recorded.json"
OUT = HERE / "out"
PEERS = ("scikit-learn", "skorch", "torch", "transformers", "optuna-integration", "onnxruntime")

# The longer ones last; each in a process of its own, alone on the machine.
RUNS = {
    "cleaning": ["bench_cleaning.py"],
    "text_engine": ["bench_text_engine.py"],
    "baseline": ["bench_baseline.py"],
    "solvers": ["bench_solvers.py"],
    "explain": ["bench_explain.py"],
    "audit": ["bench_audit.py"],
    "statistics": ["bench_statistics.py"],
    "tuning": ["bench_tuning.py"],
    "serving_tfidf": ["bench_serving.py"],
    "serving_minilm": ["bench_serving.py", "--family", "finetune", "--workers", "1", "--compare"],
    "serving_memory": ["bench_serving.py", "--memory", "50000"],
    "predict": ["bench_predict.py"],
    "onnx": ["bench_onnx.py"],
    "transformers": ["bench_transformers.py", "padding", "freezing", "prediction", "training"],
    "scratch": ["bench_transformers.py", "scratch", "--seeds", "1"],
    "accuracy": ["bench_transformers.py", "accuracy", "--rows", "8000", "--seeds", "1"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--record", action="store_true", help=f"keep the values in {RECORDED.name}")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    last = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    found: dict[str, dict[str, Any]] = {}
    failed = []
    table = ""
    for name in options.only:
        claims, ok = run(name)
        found.update(claims)
        failed += [] if ok else [name]
        # Written each time: hours may pass until the last.
        table = as_table(found, last)
        (OUT / "table.md").write_text(table)
        if options.record:
            kept = dict(sorted({**last, **found}.items()))
            RECORDED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{describe_machine()}\n\n{table}")
    if failed:
        print(f"failed: {', '.join(failed)}; see {OUT}/NAME.log")
    return len(failed)


def run(name: str) -> tuple[dict[str, dict[str, Any]], bool]:
    """Run one script; return its claims, and whether it ended well."""
    start = time.perf_counter()
    log = OUT / f"{name}.log"
    with tempfile.TemporaryDirectory() as folder, log.open("w") as output:
        path = Path(folder) / "claims.jsonl"
        done = subprocess.run(
            [sys.executable, str(HERE / RUNS[name][0]), *RUNS[name][1:]],
            env={**os.environ, RECORD_VARIABLE: str(path)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        lines = path.read_text().splitlines() if path.exists() else []
    minutes = (time.perf_counter() - start) / 60
    print(f"{name}: {'failed' if done.returncode else 'done'} in {minutes:.1f} min", flush=True)
    claims = [json.loads(line) for line in lines]
    return {one.pop("claim"): one for one in claims}, done.returncode == 0


def as_table(found: dict[str, dict[str, Any]], last: dict[str, dict[str, Any]]) -> str:
    """Return the claims as a Markdown table."""
    lines = ["| | median | lowest to highest | bar | last recorded |", "|---|---|---|---|---|"]
    for claim, one in found.items():
        values = one["values"]
        spread = f"{min(values):.4g} to {max(values):.4g}" if len(values) > 1 else ""
        before = f"{statistics.median(last[claim]['values']):.4g}" if claim in last else ""
        median = f"{statistics.median(values):.4g}"
        lines.append(f"| {claim} | {median} | {spread} | {one['bar']} | {before} |")
    return "\n".join(lines) + "\n"


def describe_machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PEERS)
    return f"Python {platform.python_version()}, {os.cpu_count()} cores; {versions}"


if __name__ == "__main__":
    sys.exit(main())
