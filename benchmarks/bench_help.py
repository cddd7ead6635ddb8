"""How long the program takes to start: `--version`, and `--help` of itself and of each command.

Each line is the median of several processes, in seconds.

    python benchmarks/bench_help.py
"""

import argparse
import subprocess
import sys
import time
from statistics import median

from record import record

COMMANDS = [
    "audit",
    "compare",
    "evaluate",
    "explain",
    "export",
    "fetch",
    "predict",
    "serve",
    "train",
    "tune",
]
LONGEST = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    slowest: list[float] = []
    for arguments in (["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)):
        times = [seconds(arguments) for _ in range(repeats)]
        slowest = max(slowest, times, key=lambda one: median(one or [0]))
        print(f"agnews-sk {' '.join(arguments):<20}{median(times):.2f} s")
    record("slowest --help of the commands, s", slowest, bar=f"<= {LONGEST}")


def seconds(arguments: list[str]) -> float:
    """Return how long a process with these arguments takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "agnews_sk", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
