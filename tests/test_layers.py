"""The rooms import downwards only, and the package itself imports nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import agnews_sk

ROOT = Path(agnews_sk.__file__).parent
LAYERS = [
    [
        "_base",
        "_batches",
        "_byte_counter",
        "_code",
        "_content",
        "_interruption",
        "_labels",
        "_splitting",
        "_step_parameters",
        "_validation",
        "_columnar",
        "_optional",
        "_origins",
        "_pretrained",
        "_same_text",
        "_stories",
        "_text_cache",
        "_words",
    ],
    ["datasets", "sampling", "cleaning", "tokenization", "nn"],
    ["vectorization", "classifiers"],
    ["pipeline"],
    ["tuning", "evaluation", "persistence"],
    ["_open_model"],
    ["serving", "bulk"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# Within the ground floor the mixins stand on the checks, and a digest of content on its kinds.
NEIGHBOURS = {
    ("_base", "_validation"),
    ("_content", "_code"),
    ("_content", "_pretrained"),
    ("_content", "_text_cache"),
    ("_origins", "_splitting"),
    ("_origins", "_validation"),
    ("_validation", "_labels"),
    ("_words", "_columnar"),
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module]
    names += [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    return {name.split(".")[1] for name in names if name.startswith("agnews_sk.")}


def forbidden_imports(room: str, imports: set[str]) -> set[str]:
    def allowed(other: str) -> bool:
        if room == "testing":
            return LEVEL.get(other) == 0
        return LEVEL[other] < LEVEL[room] or (room, other) in NEIGHBOURS

    return {other for other in imports - {room} if not allowed(other)}


MODULES = [p for p in sorted(ROOT.rglob("*.py")) if room_of(p) != "__init__"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_lower_layers_only(path):
    assert forbidden_imports(room_of(path), imported_rooms(path)) == set()


def test_an_upward_and_a_sideways_import_would_be_seen():
    assert forbidden_imports("cleaning", {"pipeline", "_base"}) == {"pipeline"}
    assert forbidden_imports("cleaning", {"sampling"}) == {"sampling"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_within_the_package_are_absolute(path):
    relative = [
        n
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.ImportFrom) and n.level
    ]
    assert relative == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = [
        "torch",
        "transformers",
        "optuna",
        "matplotlib",
        "fastapi",
        "polars",
        "pandas",
        "sklearn",
    ]
    code = f"import sys, agnews_sk; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    assert done.stdout.strip() == "[]"
