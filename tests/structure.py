"""The structure of the package, measured from its source: `python -m tests.structure`."""

import ast
import io
import re
import statistics
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
ROOT = TESTS.parent / "agnews_sk"

# From the ground up. A room imports from lower floors only; each room and each module of the
# ground floor is a name.
FLOORS = [
    ["_core"],
    ["caching", "datasets", "evaluation", "nn", "testing"],
    ["sampling", "cleaning", "tokenization"],
    ["training"],
    ["reporting", "classifiers", "vectorization"],
    ["persistence", "pipeline", "auditing"],
    ["onnx", "inspection", "tuning"],
    ["serving", "bulk"],
    ["cli"],
    ["__init__", "__main__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


class Import(NamedTuple):
    """A name that a file imports from the package.

    Attributes
    ----------
    file : pathlib.Path
    module : str
        Dotted, without the package's own name.
    name : str
        What is imported from it.
    """

    file: Path
    module: str
    name: str


class Function(NamedTuple):
    """A function or method.

    Attributes
    ----------
    where : str
    n_lines : int
        Lines of code, its signature included: without docstring, comments and blank lines.
    complexity : int
        Cyclomatic: one more than its branches.
    """

    where: str
    n_lines: int
    complexity: int


def room_of(path: Path) -> str:
    """Return the room that a file of the package belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def modules(root: Path = ROOT) -> list[Path]:
    """Return the source files below a folder, in order."""
    return sorted(root.rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(), filename=str(path))


def imports(path: Path) -> Iterator[Import]:
    """Yield what a file imports from the package, within functions too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = node.module
                if module == "agnews_sk" and alias.name != "__version__":
                    yield Import(path, alias.name, "")
                elif module.startswith("agnews_sk."):
                    yield Import(path, module.removeprefix("agnews_sk."), alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("agnews_sk."):
                    yield Import(path, alias.name.removeprefix("agnews_sk."), "")


def upward_imports(path: Path) -> list[Import]:
    """Return the imports of a file that do not lead to a lower floor."""
    room = room_of(path)
    return [
        found
        for found in imports(path)
        if (other := found.module.partition(".")[0]) != room and not is_below(other, room)
    ]


def is_below(other: str, room: str) -> bool:
    """Tell whether a room lies on a lower floor than another."""
    return FLOOR[other] < FLOOR[room]


def imports_of_private_files(path: Path) -> list[Import]:
    """Return the imports of a file that bypass the `__init__` of another room."""
    room = room_of(path)
    return [
        found
        for found in imports(path)
        if (parts := found.module.split("."))[0] not in (room, "_core")
        and (len(parts) > 1 or found.name.startswith("_"))
    ]


def import_circles() -> list[list[str]]:
    """Return the groups of modules that import each other, when they are imported."""
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in modules()}
    edges: dict[str, set[str]] = defaultdict(set)
    for name, path in names.items():
        inside = {node for f in ast.walk(tree_of(path)) if _is_later(f) for node in ast.walk(f)}
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node not in inside and node.module:
                edges[name] |= _targets(node, names)
        edges[name] -= _targets_later(path, names)
    return _circles(edges)


def _is_later(node: ast.AST) -> bool:
    """Tell whether the imports below a node run later, or never."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _targets(node: ast.ImportFrom, names: dict[str, Path]) -> set[str]:
    module = (node.module or "").removeprefix("agnews_sk").removeprefix(".")
    if not (node.module or "").startswith("agnews_sk"):
        return set()
    return {module} & names.keys() | {f"{module}.__init__"} & names.keys()


def _targets_later(path: Path, names: dict[str, Path]) -> set[str]:
    found: set[str] = set()
    at_once: set[str] = set()
    tree = tree_of(path)
    later = [node for node in ast.walk(tree) if _is_later(node)]
    inside = {id(node) for part in later for node in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            (found if id(node) in inside else at_once).update(_targets(node, names))
    return found - at_once


def _circles(edges: dict[str, set[str]]) -> list[list[str]]:
    from scipy.sparse import lil_array
    from scipy.sparse.csgraph import connected_components

    nodes = sorted({*edges, *(target for targets in edges.values() for target in targets)})
    place = {name: i for i, name in enumerate(nodes)}
    graph = lil_array((len(nodes), len(nodes)))
    for name, targets in edges.items():
        for target in targets:
            graph[place[name], place[target]] = 1
    n, labels = connected_components(graph.tocsr(), directed=True, connection="strong")
    groups = [[name for name, label in zip(nodes, labels) if label == i] for i in range(n)]
    return [group for group in groups if len(group) > 1]


def foreign_private_attributes(path: Path) -> list[str]:
    """Return reads of private attributes of objects other than the file's own.

    A name with an underscore is the file's own if the file, or a base class of the same room,
    gives it to `self`, defines it, or declares it.
    """
    room = room_of(path)
    own = _private_names_of_room(room)
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            is_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not is_self and node.attr not in own and node.attr in _private_names_elsewhere(room):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}")
    return found


def _is_private(name: str) -> bool:
    """Tell private names from those that Jupyter and scikit-learn ask for."""
    is_asked_for = name.startswith(("__", "_repr_")) or name == "_parameter_constraints"
    return name.startswith("_") and not is_asked_for


_NAMES: dict[str, set[str]] = {}


def _private_names_of_room(room: str) -> set[str]:
    if not _NAMES:
        for path in modules():
            names = _NAMES.setdefault(room_of(path), set())
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names.add(node.name)
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.add(node.id)
    return _NAMES[room]


def _private_names_elsewhere(room: str) -> set[str]:
    _private_names_of_room(room)
    return set().union(*(names for other, names in _NAMES.items() if other != room))


class Lines(NamedTuple):
    """Lines of a file.

    Attributes
    ----------
    code, docstring : int
        Lines that hold code, and lines of docstrings; blank ones and comments count for neither.
    """

    code: int
    docstring: int


def count_lines(path: Path) -> Lines:
    """Count the lines of code and of docstrings of a file."""
    documented = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and _is_docstring(body[0]):
                documented |= set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
    return Lines(len(_code_lines(path) - documented), len(documented))


def _is_docstring(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _code_lines(path: Path) -> set[int]:
    nothing = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENCODING, tokenize.ENDMARKER,
    }  # fmt: skip
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return {
        line
        for token in tokens
        if token.type not in nothing
        for line in range(token.start[0], token.end[0] + 1)
    }


_BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.match_case,
    ast.comprehension,
)  # fmt: skip


def functions(path: Path) -> Iterator[Function]:
    """Yield the functions of a file, methods and inner functions included."""
    lines = _code_lines(path)
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        documented = _is_docstring(node.body[0])
        body = node.body[1:] if documented else node.body
        first = node.body[0]
        docstring = set(range(first.lineno, (first.end_lineno or 0) + 1)) if documented else set()
        own = set(range(node.lineno, (node.end_lineno or 0) + 1)) - docstring
        yield Function(
            f"{path.relative_to(ROOT)}:{node.name}", len(own & lines), 1 + _n_branches(body)
        )


def _n_branches(body: list[ast.stmt]) -> int:
    """Return the number of branches of a function, without those of inner functions."""
    n_branches, left = 0, list(body)
    while left:
        node = left.pop()
        if not _is_function(node):
            n_branches += isinstance(node, _BRANCHES)
            n_branches += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
            left.extend(ast.iter_child_nodes(node))  # type: ignore[arg-type]
    return n_branches


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def raises_with_a_message() -> tuple[int, int]:
    """Return how many `pytest.raises` of the tests look at the message, of how many."""
    calls = [
        node
        for path in modules(TESTS)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "raises"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "pytest"
    ]
    # What carries no message by its nature.
    silent = re.compile(r"KeyboardInterrupt|SystemExit|StopIteration|typer\.Exit")
    asked = [call for call in calls if call.args and not silent.search(ast.unparse(call.args[0]))]
    return sum(any(k.arg == "match" for k in call.keywords) for call in asked), len(asked)


def size_of_rooms() -> dict[str, float]:
    """Return the share of the package's lines in each room, the largest first."""
    sizes: dict[str, int] = defaultdict(int)
    for path in modules():
        sizes[room_of(path)] += len(path.read_text().splitlines())
    total = sum(sizes.values())
    return {room: sizes[room] / total for room in sorted(sizes, key=sizes.__getitem__)[::-1]}


def private_entries() -> list[str]:
    """Return the private files and folders at the package's root."""
    names = [path.name for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()]
    return sorted(n for n in names if n[0] == "_" and not n.startswith("__"))


def figures() -> dict[str, float]:
    """Return what the structure is judged by, by name."""
    files = modules()
    lines = {path: count_lines(path) for path in files}
    code = sum(found.code for found in lines.values())
    found = sorted((f for path in files for f in functions(path)), key=lambda f: f.n_lines)
    n_lines = [function.n_lines for function in found]
    matched, asked = raises_with_a_message()
    return {
        "import circles": len(import_circles()),
        "imports of a higher floor": sum(len(upward_imports(path)) for path in files),
        "imports of private files": sum(len(imports_of_private_files(path)) for path in files),
        "private attributes of other rooms": sum(
            len(foreign_private_attributes(path)) for path in files
        ),
        "largest room, %": 100 * max(size_of_rooms().values()),
        "private entries at the root": len(private_entries()),
        "longest file, lines": max(len(path.read_text().splitlines()) for path in files),
        "median function, lines": statistics.median(n_lines),
        "90 % of functions, lines": n_lines[int(0.9 * len(n_lines))],
        "longest function, lines": n_lines[-1],
        "worst complexity": max(function.complexity for function in found),
        "docstring lines : code": sum(found.docstring for found in lines.values()) / code,
        "pytest.raises with match, %": 100 * matched / asked,
        "tests : code": sum(count_lines(path).code for path in modules(TESTS)) / code,
    }


if __name__ == "__main__":
    for name, value in figures().items():
        print(f"{name:36}{value:9.6g}")
    print()
    for room, share in size_of_rooms().items():
        print(f"{room:36}{100 * share:8.1f} %")
