"""Run the quickstart with an installed distribution: `python -m tests.project.quickstart VENV`.

The code of README.md and of the page, and the commands, run in an empty folder, by the interpreter
of another environment. So they use what is installed there, and nothing of the repository.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Rows in the folder that README.md reads, and the origin of the package.
PREPARE = """
import sys
from pathlib import Path
import agnews_sk
from agnews_sk import make_news
assert Path(agnews_sk.__file__).is_relative_to(sys.prefix), agnews_sk.__file__
NUMBERS = {"World": 1, "Sports": 2, "Business": 3, "Sci/Tech": 4}
Path("rows").mkdir()
for part, n_rows in (("train", 240), ("test", 80)):
    frame, y = make_news(n_rows, random_state=n_rows, return_X_y=True)
    frame.insert(0, "label", [NUMBERS[label] for label in y])
    frame.to_csv(f"rows/{part}.csv", header=False, index=False, quoting=1)
"""
COMMANDS = [
    ["compare", "--data", "rows", "--family", "tfidf"],
    ["train", "--data", "rows", "--out", "model"],
    ["predict", "model", "--data", "rows/test.csv", "--out", "predictions.csv"],
]


def code_of(page: str) -> str:
    """Return the Python code of a page of the repository."""
    return "\n".join(BLOCK.findall((ROOT / page).read_text(encoding="utf-8")))


def program(environment: Path, name: str) -> str:
    """Return the path of a program of a virtual environment."""
    return str(environment / ("Scripts" if sys.platform == "win32" else "bin") / name)


def run_quickstart(environment: Path, *, pages: tuple[str, ...], folder: Path) -> None:
    """Run the code of pages and the commands with what is installed in an environment.

    Parameters
    ----------
    environment : pathlib.Path
        Virtual environment.
    pages : tuple of str
        Paths in the repository.
    folder : pathlib.Path
        Empty folder, in which it runs.

    Raises
    ------
    subprocess.CalledProcessError
    """
    python = [program(environment, "python"), "-I"]
    for code in (PREPARE, *map(code_of, pages)):
        subprocess.run([*python, "-c", code], cwd=folder, check=True)
    for command in COMMANDS:
        subprocess.run([program(environment, "agnews-sk"), *command], cwd=folder, check=True)


def main() -> None:
    """Run all of it in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        pages = ("README.md", "docs/quickstart.md")
        run_quickstart(Path(sys.argv[1]).absolute(), pages=pages, folder=Path(folder))
    print("The installed distribution passes the quickstart.")


if __name__ == "__main__":
    main()
