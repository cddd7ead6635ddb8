"""The pages and the reference agree with the package, and their links lead somewhere."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import runpy
import statistics
from pathlib import Path

import numpy as np
import pytest

import agnews_sk

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in [*DOCS.rglob("*.md"), *ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md"]
    if "_build" not in path.parts
)
ROOMS = [module.name for module in pkgutil.iter_modules(agnews_sk.__path__)]
RECORDED = ROOT / "benchmarks/recorded"
README = (ROOT / "README.md").read_text()
# How a row of its table of ratios begins, and the claim whose median it gives.
RATIOS = {
    "TF-IDF of words and word pairs": "words (1, 2) fit_transform, speedup over scikit-learn",
    "raw CSV to 5,000 predictions": "CSV to predictions, ours, speedup over scikit-learn",
    "the same, +": "CSV to predictions, ours, speedup over fasttext",
    "fine-tuning MiniLM": "fine-tuning, speedup over trainer",
    "| the same, grouped by length": "fine-tuning, speedup over trainer_grouped",
    "| skorch's documented recipe": "fine-tuning, speedup over skorch",
    "prediction with MiniLM": "prediction, speedup over pipeline of transformers",
}
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"https?://[\w-]+(\.[\w-]+)+(/\S*)?")
PAGE_IDS = [str(path.relative_to(ROOT)) for path in PAGES]


def room_names():
    """Public names by room; rooms without `__all__` have none, the command line for one."""
    rooms = {name: importlib.import_module(f"agnews_sk.{name}") for name in ROOMS if name[0] != "_"}
    return {name: room.__all__ for name, room in rooms.items() if hasattr(room, "__all__")}


def without_blocks(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def place_of(heading):
    """The anchor that GitHub and this site give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def fault_of(link, page):
    if "://" in link:
        return None if ADDRESS.fullmatch(link) else "is not a web address"
    path, _, place = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if target.parent == DOCS / "gallery":  # written from the examples
        script = ROOT / "examples" / f"{target.stem}.py"
        return None if target.stem == "index" or script.is_file() else "no such example"
    if not target.is_file():
        return "no such file"
    headings = re.findall(r"^#+ (.+)$", without_blocks(target.read_text()), re.MULTILINE)
    return "no such heading" if place and place not in map(place_of, headings) else None


def test_the_reference_lists_every_room_with_public_names():
    listed = re.findall(r"^ {3}agnews_sk\.(\w+)$", (DOCS / "reference/index.md").read_text(), re.M)
    assert sorted(listed) == sorted(room_names())


def test_every_public_name_is_in_one_room():
    # MLflow prescribes the names of a flavour's functions; `onnx.load_model` is another.
    rooms = {**room_names(), "mlflow": set(room_names()["mlflow"]) - {"load_model"}}
    names = [name for names in rooms.values() for name in names]
    assert len(names) == len(set(names))
    assert set(agnews_sk.__all__) - {"__version__"} <= set(names)


def documented_types(docstring):
    """Return the type of each parameter that a docstring lists, by its name."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?:^\w[\w ]*\n---|\Z)", docstring, re.DOTALL | re.M)
    lines = re.findall(r"^(\w[\w, *]*?) : (.+)$", section[1] if section else "", re.MULTILINE)
    return {name.strip(" *"): kind for names, kind in lines for name in names.split(",")}


def is_written(value, text):
    """Return whether a text is this value, or its name where it is no literal, such as 2**30."""
    try:
        return bool(eval(text, {"np": np}) == value)
    except NameError:
        named = getattr(value, "func", value)  # of a functools.partial
        return text == getattr(named, "__name__", repr(value))


def faults_of_defaults(function, docstring):
    """Return parameters whose default is not stated, or is another one."""
    parameters = inspect.signature(function).parameters
    faults = []
    for name, kind in documented_types(inspect.cleandoc(docstring or "")).items():
        default = getattr(parameters.get(name), "default", inspect.Parameter.empty)
        stated = re.search(r"default=(.+)$", kind)
        if stated and " and " not in stated[1]:
            if not is_written(default, stated[1]):
                faults.append(f"{name}: {default!r}, not {stated[1]}")
        elif (
            default is not inspect.Parameter.empty
            and not stated
            and "optional" not in kind
            and kind not in ("None", "ignored")
        ):
            faults.append(f"{name}: {default!r} is not stated")
    return faults


def public_callables():
    """Yield each public function, constructor and method, and the docstring of its parameters."""
    for room in room_names():
        module = importlib.import_module(f"agnews_sk.{room}")
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isclass(found):
                yield f"{room}.{name}", found.__init__, found.__doc__
                for method, function in vars(found).items():
                    if method[0] != "_" and inspect.isfunction(function):
                        yield f"{room}.{name}.{method}", function, function.__doc__
            elif inspect.isfunction(found):
                yield f"{room}.{name}", found, found.__doc__


def test_defaults_are_stated_as_they_are():
    faults = {name: faults_of_defaults(*called) for name, *called in public_callables()}
    assert {name: found for name, found in faults.items() if found} == {}


def test_a_default_that_is_wrong_or_not_stated_would_be_detected():
    def f(a=1, b=None, c="x", d=None):
        """Do it.

        Parameters
        ----------
        a, c : int, default=2
        b : int
        d : int, optional

        Returns
        -------
        None
        """

    assert faults_of_defaults(f, f.__doc__) == [
        "a: 1, not 2",
        "c: 'x', not 2",
        "b: None is not stated",
    ]


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_links_of_a_page_lead_somewhere(page):
    links = LINK.findall(without_blocks(page.read_text()))
    assert {link: fault for link in links if (fault := fault_of(link, page))} == {}


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("nowhere.md", "no such file"),
        ("benchmarks.md#nowhere", "no such heading"),
        ("gallery/nowhere.rst", "no such example"),
        ("http://nowhere", "is not a web address"),
    ],
)
def test_a_broken_link_would_be_detected(link, fault):
    assert fault_of(link, DOCS / "guide.md") == fault


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_code_of_a_page_compiles(page):
    for block in BLOCK.findall(page.read_text()):
        compile(block, str(page), "exec")


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_names_that_a_page_imports_exist(page):
    imports = re.findall(
        r"^from (agnews_sk[\w.]*) import (\([^)]*\)|.+)$", page.read_text(), re.MULTILINE
    )
    for module, names in imports:
        for name in re.findall(r"\w+", names):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_figures_next_to_a_link_to_the_benchmarks_are_recorded_there(page):
    paragraphs = without_blocks(page.read_text()).split("\n\n")
    beside = "\n".join(text for text in paragraphs if "benchmarks.md#" in text)
    beside = re.sub(r"`[^`]*`", "", beside)  # parameters are not figures
    printed = "".join(path.read_text() for path in RECORDED.glob("*.txt"))
    assert set(re.findall(r"\d+\.\d+", beside)) <= set(re.findall(r"\d+\.\d+", printed))


def test_the_comparison_in_the_readme_is_the_recorded_one():
    rows = re.findall(r"^\| (?:TF-IDF|MiniLM).*rows \| (.*) \|$", README, re.MULTILINE)
    printed = (RECORDED / "compare.txt").read_text()
    figures = {figure for row in rows for figure in re.findall(r"\d[\d,.]*", row)}
    assert len(rows) == 3
    assert figures <= set(re.findall(r"\d[\d,.]*\d|\d", printed))


@pytest.mark.parametrize(("beginning", "claim"), RATIOS.items())
def test_a_ratio_in_the_readme_is_the_recorded_one(beginning, claim):
    values = json.loads((RECORDED / "values.json").read_text())[claim]["values"]
    row = next(line for line in README.splitlines() if line.startswith(f"| {beginning}"))
    shown = re.search(r"([\d.]+) times", row)[1]
    decimals = len(shown.partition(".")[2])
    assert shown == f"{statistics.median(values):.{decimals}f}"


def test_every_ratio_in_the_readme_is_compared():
    assert len(re.findall(r"\d times", README)) == len(RATIOS)


def test_values_of_the_benchmarks_page_are_recorded():
    shown = re.findall(r"\{(?:literal)?include\} \.\./(\S+)", (DOCS / "benchmarks.md").read_text())
    assert len(shown) > 15
    assert [path for path in shown if not (ROOT / path).is_file()] == []


def test_code_that_the_formulas_include_exists():
    text = (DOCS / "formulas.md").read_text()
    blocks = re.findall(r"\{literalinclude\} (\S+)\n:pyobject: (\S+)\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 15
    for path, name, options in blocks:
        source = (DOCS / path).read_text()
        node = ast.parse(source)
        for part in name.split("."):
            inside = [found for found in node.body if getattr(found, "name", None) == part]
            assert inside, f"{path} has no {name}"
            node = inside[0]
        code = ast.get_source_segment(source, node)
        for start in re.findall(r':start-at: "(.*)"', options):
            assert start in code, f"{name} has no line {start!r}"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_benchmark_files_that_a_page_includes_exist(page):
    headings = re.findall(r'^:(?:start-after|end-before): "(.+)"$', page.read_text(), re.MULTILINE)
    lines = (DOCS / "benchmarks.md").read_text().splitlines()
    assert [heading for heading in headings if heading not in lines] == []


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_recorded_files_that_a_page_includes_exist(page):
    shown = re.findall(
        r"^```\{(?:literal)?include\} (\S+recorded\S+)$", page.read_text(), re.MULTILINE
    )
    assert [path for path in shown if not (page.parent / path).is_file()] == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_commands_of_benchmarks_are_on_their_page_only(page):
    named = re.findall(r"benchmarks/bench_\w+|make bench", page.read_text())
    assert page.stem == "benchmarks" or named == []


def test_the_picture_of_the_home_page_shows_the_recorded_figures():
    module = runpy.run_path(str(DOCS / "_frontier.py"))
    figures = module["read_figures"]()
    assert [len(points) for points in figures.values()] == [3, 3, 3, 3]
    assert {len(module["frontier"](points)) for points in figures.values()} == {2, 3}
    texts = set(re.findall(r"<text[^>]*>([^<]*)</text>", module["draw"]()))
    assert texts >= {*module["FAMILIES"], *module["SHOWN"].values()}


def test_a_dearer_and_worse_classifier_is_not_on_the_frontier():
    frontier = runpy.run_path(str(DOCS / "_frontier.py"))["frontier"]
    cheap, dear, worse = (1.0, 0.8), (9.0, 0.9), (5.0, 0.7)
    assert frontier([dear, worse, cheap]) == [cheap, dear]
