"""The first minutes: install the wheel in an environment of its own, and compare on the sample.

Builds the wheel, creates an environment, installs the wheel with its dependencies as README.md
says, and prints how long that took, the size of the environment, and how long the first
`agnews-sk compare --data sample` took. Packages that pip downloaded before come from its cache.

    python benchmarks/bench_install.py
    python benchmarks/bench_install.py --extras "" --pip "--extra-index-url ADDRESS"
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from record import record

ROOT = Path(__file__).parents[1]
LONGEST = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extras", default="offline,plot")
    parser.add_argument("--pip", default="", help="further options of `pip install`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = folder / "environment"
        pip = [sys.executable, "-m", "pip", "--python", str(environment)]
        build = [*pip[:3], "wheel", "--quiet", "--no-deps", "--wheel-dir", name, str(ROOT)]
        subprocess.run(build, check=True)
        [wheel] = folder.glob("*.whl")
        print(f"wheel: {wheel.stat().st_size / 1e6:.2f} MB")

        venv.create(environment)
        needed = f"{wheel}[{arguments.extras}]" if arguments.extras else str(wheel)
        constraints = ["--constraint", str(ROOT / "constraints.txt")]
        more = [*constraints, *shlex.split(arguments.pip)]
        seconds = timed([*pip, "install", "--quiet", *more, needed], folder)
        print(f"pip install: {seconds:.0f} s")
        record("pip install of the wheel and its dependencies, s", seconds)
        record("installed environment, MB", print_sizes(environment))

        program = next(path for path in environment.glob("*/agnews-sk*"))
        seconds = timed([str(program), "compare", "--data", "sample"], folder)
        print(f"first compare on the sample: {seconds:.0f} s")
        record("first compare on the sample, s", seconds, bar=f"<= {LONGEST}")


def print_sizes(environment: Path) -> float:
    """Print the size of an environment and of its largest packages; return that of all, in MB."""
    megabytes = size_of(environment) / 1e6
    print(f"environment: {megabytes:,.0f} MB")
    packages = next(
        environment.glob("lib/python*/site-packages"), environment / "Lib/site-packages"
    )
    sizes = {path.name: size_of(path) / 1e6 for path in packages.iterdir() if path.is_dir()}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]:
        print(f"  {name}: {sizes[name]:,.0f} MB")
    return megabytes


def timed(command: list[str], folder: Path) -> float:
    """Return how long a command takes in a folder."""
    start = time.perf_counter()
    home = {"AGNEWS_SK_HOME": str(folder / "home")}
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, **home})
    return time.perf_counter() - start


def size_of(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


if __name__ == "__main__":
    main()
