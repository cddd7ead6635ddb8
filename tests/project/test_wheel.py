"""The distributions hold what they should, and the wheel works without the repository."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec

import pytest

from agnews_sk import __version__
from tests.project.quickstart import ROOT, program, run_quickstart

# What type checkers have to see of the installed package; libraries below it are not looked at.
TYPED = """
from agnews_sk import evaluation, load_texts, make_tfidf_pipeline
reveal_type(make_tfidf_pipeline)
reveal_type(evaluation.ComparisonResult.summary)
load_texts("tickets.csv", colums=["text"])
"""
CONFIGURATION = """
[mypy]
cache_dir = cache
[mypy-numpy.*,pandas.*,polars.*,pyarrow.*,scipy.*,sklearn.*,torch.*,transformers.*,optuna.*,skorch.*]
follow_imports = skip
[mypy-imblearn.*,joblib.*,nltk.*,skops.*,typer.*,rich.*,matplotlib.*,tokenizers.*,fastapi.*,dask.*]
follow_imports = skip
ignore_missing_imports = true
"""


def build(target, folder):
    """Build a distribution, "wheel" or "sdist", without a process of its own."""
    if find_spec("hatchling") is None:
        pytest.skip("the test extra is not installed")
    code = f"import hatchling.build as b; print(b.build_{target}({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with the wheel, and the libraries of the present one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    [installed] = folder.glob("lib/python*/site-packages") or folder.glob("Lib/site-packages")
    others = [path for path in sys.path if path.endswith("site-packages")]
    (installed / "others.pth").write_text("\n".join(others))
    pip = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet"]
    alone = ["--no-deps", "--no-index", "--force-reinstall"]
    subprocess.run([*pip, *alone, str(wheel)], check=True)
    return folder


def tracked():
    """Return the files under version control, or skip the test where there is none."""
    try:
        done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if done.returncode:
        pytest.skip("the sources are not under version control")
    return set(done.stdout.splitlines())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_beside(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name for name in tracked() if name.startswith("agnews_sk/")} <= names
    assert {name.partition("/")[0] for name in names} == {"agnews_sk"}


def test_the_wheel_is_for_every_system_and_has_license_and_command(wheel):
    assert wheel.name == f"agnews_sk-{__version__}-py3-none-any.whl"
    information = f"agnews_sk-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        assert f"{information}/licenses/LICENSE" in archive.namelist()
        assert (
            "agnews-sk = agnews_sk.cli:app"
            in archive.read(f"{information}/entry_points.txt").decode()
        )


def test_the_source_distribution_holds_every_file_of_the_repository(tmp_path):
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked() - names == set()
    first = {name.partition("/")[0] for name in names}
    assert first - {name.partition("/")[0] for name in tracked()} <= {"", "PKG-INFO"}


@pytest.mark.slow
def test_the_wheel_alone_passes_the_quickstart(environment, tmp_path):
    run_quickstart(environment, pages=("docs/quickstart.md",), folder=tmp_path)


@pytest.mark.slow
def test_a_type_checker_sees_the_types_of_the_installed_wheel(environment, tmp_path):
    if find_spec("mypy") is None:
        pytest.skip("the lint extra is not installed")
    (tmp_path / "use.py").write_text(TYPED)
    (tmp_path / "mypy.ini").write_text(CONFIGURATION)
    python = program(environment, "python")
    checker = [sys.executable, "-m", "mypy", "--python-executable", python, "use.py"]
    done = subprocess.run(checker, cwd=tmp_path, capture_output=True, text=True)
    printed = done.stdout.splitlines()
    assert len(printed) == 5, done.stdout + done.stderr
    assert "-> agnews_sk.pipeline.TextPipeline" in printed[0]
    assert "agnews_sk.evaluation" in printed[1]
    assert "-> builtins.str" in printed[1] or "-> str" in printed[1]
    assert 'Unexpected keyword argument "colums" for "load_texts"' in printed[2]
