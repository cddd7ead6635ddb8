"""The structure of the package, measured from its source: `python -m tests.structure`."""

import ast
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
ROOT = TESTS.parent / "agnews_sk"

# From the lowest floor up. A room imports from lower floors only; each room and each module of the
# ground floor is a name.
FLOORS = [
    ["_core"],
    ["caching", "evaluation", "files", "nn", "testing"],
    ["datasets", "sampling", "cleaning", "tokenization"],
    ["training"],
    ["reporting", "classifiers", "vectorization"],
    ["persistence", "pipeline", "auditing"],
    ["ensembles", "streaming"],
    ["onnx", "inspection", "tuning", "labelling"],
    ["serving", "bulk", "mlflow"],
    ["cli"],
    ["__init__", "__main__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# The limits of the figures, by name.
AT_MOST = {
    "import circles": 0,
    "imports of a higher floor": 0,
    "imports of private files": 0,
    "private attributes of other rooms": 0,
    "largest room, %": 10,
    "private entries at the root": 2,
    "longest file, lines": 450,
    "median function, lines": 6,
    "90 % of functions, lines": 17,
    "longest function, lines": 60,
    "worst complexity": 12,
}
AT_LEAST = {
    "docstring lines : code": 0.7,
    "pytest.raises with match, %": 97,
    "tests : code": 1.0,
}


class Import(NamedTuple):
    """A name that a file imports from the package.

    Attributes
    ----------
    file : pathlib.Path
    module : str
        Dotted, without the package's own name.
    name : str
        What is imported from it; empty for a module.
    """

    file: Path
    module: str
    name: str


class Function(NamedTuple):
    """A function or method.

    Attributes
    ----------
    file : pathlib.Path
    name : str
    n_lines : int
        Lines of code, its signature included: without docstring, comments and blank lines.
    complexity : int
        Cyclomatic: one more than its branches.
    """

    file: Path
    name: str
    n_lines: int
    complexity: int


class Lines(NamedTuple):
    """Lines of a file.

    Attributes
    ----------
    code, docstring : int
        Lines that hold code, and lines of docstrings; blank ones and comments count for neither.
    """

    code: int
    docstring: int


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return the nodes of the syntax tree of a file, the tree itself first."""
    return tuple(ast.walk(ast.parse(path.read_text(), filename=str(path))))


def source_files(folder: Path) -> list[Path]:
    """Return the source files below a folder, in order."""
    return sorted(folder.rglob("*.py"))


def is_below(other: str, room: str) -> bool:
    """Return whether a room lies on a lower floor than another."""
    return FLOOR[other] < FLOOR[room]


def _imports_of(path: Path, nodes: Iterable[ast.AST]) -> Iterator[Import]:
    """Yield what these nodes of a file import from the package."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            for alias in node.names:
                if package == "agnews_sk" and module:
                    yield Import(path, module, alias.name)
                elif package == "agnews_sk" and alias.name != "__version__":
                    yield Import(path, alias.name, "")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "agnews_sk":
                    yield Import(path, alias.name.partition(".")[2] or "__init__", "")
        elif isinstance(node, ast.Call) and _called(node) == "import_module":
            named = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
            if named.startswith("agnews_sk."):
                yield Import(path, named.removeprefix("agnews_sk."), "")


def _called(call: ast.Call) -> str:
    """Return the name of the function or method that is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _nodes_run_by_import(path: Path) -> Iterator[ast.AST]:
    """Yield what runs when a file is imported: neither functions nor what is for type checkers."""
    left = [nodes_of(path)[0]]
    while left:
        node = left.pop()
        yield node
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not for_types and not _is_function(node):
            left.extend(ast.iter_child_nodes(node))


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _is_private(name: str) -> bool:
    """Return whether a name is private, and not one that Jupyter or scikit-learn ask for."""
    asked_for = name.startswith(("__", "_repr_")) or name == "_parameter_constraints"
    return name.startswith("_") and not asked_for


def _private_names(path: Path) -> set[str]:
    """Return the private names that a file defines or assigns, as variables or attributes."""
    names = set()
    for node in nodes_of(path):
        if _is_function(node) or isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(getattr(node, "ctx", None), ast.Store):
            names.add(getattr(node, "attr", getattr(node, "id", "")))
    return {name for name in names if _is_private(name)}


@dataclass(frozen=True)
class Package:
    """The source files of a package in rooms: folders, or modules at its root.

    Parameters
    ----------
    root : pathlib.Path
    """

    root: Path = ROOT

    @cached_property
    def files(self) -> list[Path]:
        """The source files, in order."""
        return source_files(self.root)

    def room_of(self, path: Path) -> str:
        """Return the room that a file belongs to."""
        return path.relative_to(self.root).parts[0].removesuffix(".py")

    def upward_imports(self, path: Path) -> list[Import]:
        """Return the imports of a file, in functions too, that do not lead to a lower floor."""
        room = self.room_of(path)
        return [
            found
            for found in _imports_of(path, nodes_of(path))
            if (other := found.module.partition(".")[0]) != room and not is_below(other, room)
        ]

    def imports_of_private_files(self, path: Path) -> list[Import]:
        """Return the imports of a file that bypass the `__init__` of another room."""
        return [
            found
            for found in _imports_of(path, nodes_of(path))
            if (parts := found.module.split("."))[0] != self.room_of(path)
            and ((len(parts) > 1 and parts[0] != "_core") or _is_private(found.name))
        ]

    def import_circles(self) -> list[list[str]]:
        """Return the groups of modules that import each other, when they are imported."""
        names = {".".join(p.relative_to(self.root).with_suffix("").parts): p for p in self.files}
        edges = {
            (name, target)
            for name, path in names.items()
            for found in _imports_of(path, _nodes_run_by_import(path))
            for target in (
                found.module,
                f"{found.module}.__init__",
                f"{found.module}.{found.name}",
            )
            if target in names
        }
        return _strong_components(edges)

    def foreign_private_attributes(self, path: Path) -> list[str]:
        """Return uses of private attributes that another room defines, and this one does not."""
        foreign = self._foreign_names[self.room_of(path)]
        return [
            f"{path.relative_to(self.root)}:{node.lineno} {node.attr}"
            for node in nodes_of(path)
            if isinstance(node, ast.Attribute)
            and node.attr in foreign
            and ast.unparse(node.value) not in ("self", "cls")
        ]

    @cached_property
    def _private_names(self) -> dict[str, set[str]]:
        """The private names of each room."""
        names: dict[str, set[str]] = defaultdict(set)
        for path in self.files:
            names[self.room_of(path)] |= _private_names(path)
        return names

    @cached_property
    def _foreign_names(self) -> dict[str, set[str]]:
        """The private names that only other rooms than each have."""
        every = set().union(*self._private_names.values())
        return {room: every - own for room, own in self._private_names.items()}

    def size_of_rooms(self) -> dict[str, float]:
        """Return the share of the package's lines in each room, the largest first."""
        sizes: Counter[str] = Counter()
        for path in self.files:
            sizes[self.room_of(path)] += n_lines(path)
        return {room: size / sizes.total() for room, size in sizes.most_common()}

    def private_entries(self) -> list[str]:
        """Return the private files and folders at the package's root."""
        rooms = {path.relative_to(self.root).parts[0] for path in self.files}
        return sorted(name for name in rooms if name[0] == "_" and not name.startswith("__"))


def _strong_components(edges: set[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of nodes of a directed graph that reach each other, of two or more."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes = sorted({node for edge in edges for node in edge})
    place = {name: i for i, name in enumerate(nodes)}
    sources = [place[source] for source, _ in edges]
    targets = [place[target] for _, target in edges]
    graph = coo_array(([1] * len(edges), (sources, targets)), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=True, connection="strong")
    groups: dict[int, list[str]] = defaultdict(list)
    for name, label in zip(nodes, labels):
        groups[label].append(name)
    return [group for group in groups.values() if len(group) > 1]


def n_lines(path: Path) -> int:
    """Return the number of lines of a file, of any kind."""
    return len(path.read_text().splitlines())


def count_lines(path: Path) -> Lines:
    """Count the lines of code and of docstrings of a file."""
    documented = set().union(*map(_docstring_lines, nodes_of(path)))
    blank = {i for i, line in enumerate(path.read_text().splitlines(), 1) if not line.strip()}
    return Lines(len(_token_lines(path) - documented - blank), len(documented - blank))


def _docstring_lines(node: ast.AST) -> set[int]:
    """Return the numbers of the lines of a node's docstring."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if not isinstance(node, kinds) or ast.get_docstring(node, clean=False) is None:
        return set()
    return _lines_of(node.body[0])


def _lines_of(node: ast.stmt | ast.expr) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or 0) + 1))


@cache
def _token_lines(path: Path) -> set[int]:
    """Return the numbers of the lines that are neither blank nor comments only."""
    numbered = enumerate(path.read_text().split("\n"), 1)
    outside = {i for i, line in numbered if (text := line.strip()) and not text.startswith("#")}
    return outside.union(*(_lines_of(node) for node in nodes_of(path) if _is_string(node)))


def _is_string(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return is_text or isinstance(node, ast.JoinedStr)


_BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.match_case,
    ast.comprehension,
)  # fmt: skip


def functions(path: Path) -> Iterator[Function]:
    """Yield the functions of a file, methods and inner functions included."""
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            code = (_lines_of(node) - _docstring_lines(node)) & _token_lines(path)
            yield Function(path, node.name, len(code), 1 + _n_branches(node.body))


def _n_branches(body: list[ast.stmt]) -> int:
    """Return the number of branches of a function, without those of inner functions."""
    n_branches, left = 0, list[ast.AST](body)
    while left:
        node = left.pop()
        if not _is_function(node):
            n_branches += isinstance(node, _BRANCHES)
            n_branches += len(node.ifs) if isinstance(node, ast.comprehension) else 0
            n_branches += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
            left.extend(ast.iter_child_nodes(node))
    return n_branches


# Errors that never have a message.
_SILENT = re.compile(r"KeyboardInterrupt|SystemExit|StopIteration|typer\.Exit")


def raises_calls(path: Path) -> list[ast.Call]:
    """Return the calls of `pytest.raises` in a file for errors that have a message."""
    return [
        node
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and _called(node) == "raises"
        and ast.unparse(node.func) == "pytest.raises"
        and not (node.args and _SILENT.search(ast.unparse(node.args[0])))
    ]


def unmatched_raises(path: Path) -> list[str]:
    """Return where a test file does not look at the message of an error."""
    return [
        f"{path.name}:{call.lineno}"
        for call in raises_calls(path)
        if all(keyword.arg != "match" for keyword in call.keywords)
    ]


def figures(package: Package | None = None) -> dict[str, float]:
    """Return the figures of the structure by name."""
    package = package or Package()
    files = package.files
    lines = [count_lines(path) for path in files]
    n_code = sum(found.code for found in lines)
    found = [function for path in files for function in functions(path)]
    sizes = sorted(function.n_lines for function in found)
    tests = source_files(TESTS)
    n_raises = sum(len(raises_calls(path)) for path in tests)
    n_unmatched = sum(len(unmatched_raises(path)) for path in tests)
    return {
        "import circles": len(package.import_circles()),
        "imports of a higher floor": sum(len(package.upward_imports(p)) for p in files),
        "imports of private files": sum(len(package.imports_of_private_files(p)) for p in files),
        "private attributes of other rooms": sum(
            len(package.foreign_private_attributes(p)) for p in files
        ),
        "largest room, %": 100 * max(package.size_of_rooms().values()),
        "private entries at the root": len(package.private_entries()),
        "longest file, lines": max(map(n_lines, files)),
        "median function, lines": statistics.median(sizes),
        "90 % of functions, lines": sizes[int(0.9 * len(sizes))],
        "longest function, lines": sizes[-1],
        "worst complexity": max(function.complexity for function in found),
        "docstring lines : code": sum(found.docstring for found in lines) / n_code,
        "pytest.raises with match, %": 100 * (1 - n_unmatched / n_raises),
        "tests : code": sum(count_lines(path).code for path in tests) / n_code,
    }


def offenders(package: Package | None = None) -> Iterator[str]:
    """Yield the functions that are too long or too complex, and errors whose message is ignored."""
    package = package or Package()
    for function in (function for path in package.files for function in functions(path)):
        long = function.n_lines > AT_MOST["longest function, lines"]
        if long or function.complexity > AT_MOST["worst complexity"]:
            where = function.file.relative_to(package.root)
            yield f"{where} {function.name}: {function.n_lines} lines, {function.complexity} paths"
    for path in source_files(TESTS):
        yield from (f"{path.parent.name}/{where} without match" for where in unmatched_raises(path))


def main() -> None:
    """Print the figures with their limits, the share of each room, and the offenders."""
    for name, value in figures().items():
        limit = f"<= {AT_MOST[name]}" if name in AT_MOST else f">= {AT_LEAST[name]}"
        print(f"{name:36}{value:9.6g}  {limit}")
    print()
    for room, share in Package().size_of_rooms().items():
        print(f"{room:36}{100 * share:8.1f} %")
    print("", *offenders(), sep="\n")


if __name__ == "__main__":
    main()
