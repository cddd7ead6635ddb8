"""Extras that messages name exist, and the line that installs one works where it is printed."""

import ast
import functools
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agnews_sk._core.optional import check_optional, import_optional

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
MODULES = sorted((ROOT / "agnews_sk").rglob("*.py"))
WRITTEN = [
    path
    for folder in ("agnews_sk", "docs", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".html"} and "_build" not in path.parts
]
WRITTEN += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", "Dockerfile")]
NAMED = re.compile(r"(?:agnews_sk|install (?:-e |--editable )?[\"']?\.)\[([a-z,]+)\]")


def imports_of_extras():
    """Yield file, module and extra of each call that names an extra."""
    for path in MODULES:
        text = path.read_text()
        if "_optional" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            name = getattr(getattr(node, "func", None), "id", None)
            if name in ("import_optional", "check_optional"):
                extra = next(k.value for k in node.keywords if k.arg == "extra")
                module = node.args[0]
                if isinstance(extra, ast.Constant):
                    yield path.name, getattr(module, "value", None), extra.value


CALLS = sorted(set(imports_of_extras()), key=str)


def test_calls_that_name_an_extra_are_found():
    assert len(CALLS) > 10
    assert ("_lora.py", "peft", "peft") in CALLS


# It reads the files of all installed packages, which takes half a second.
packages_by_module = functools.cache(importlib.metadata.packages_distributions)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_an_extra_of_a_message_exists_and_brings_the_module(call):
    _, module, extra = call
    assert extra in EXTRAS
    brought = {canonicalize_name(Requirement(line).name) for line in EXTRAS[extra]}
    if module is not None and find_spec(module.partition(".")[0]) is not None:
        owners = packages_by_module()[module.partition(".")[0]]
        assert {canonicalize_name(owner) for owner in owners} & brought


def test_extras_that_are_written_anywhere_exist():
    named = {
        (path.name, extra)
        for path in WRITTEN
        for extras in NAMED.findall(path.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    }
    assert ("README.md", "offline") in named
    assert [pair for pair in sorted(named) if pair[1] not in EXTRAS] == []


def test_a_missing_module_is_named_with_its_user_and_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = r"plots needs matplotlib; install agnews_sk\[plot\] with `pip install .*\[plot\]\"`"
    for call in (import_optional, check_optional):
        with pytest.raises(ImportError, match=message):
            call("matplotlib", extra="plot", needed_by="plots")


def test_a_module_of_a_missing_parent_is_missing():
    with pytest.raises(ImportError, match=r"plots needs nowhere\.at_all"):
        check_optional("nowhere.at_all", extra="plot", needed_by="plots")


def line_printed(folder, origin, *, project=None):
    """The line that a copy of the package prints in a folder, installed from `origin`."""
    copy = folder / "site" / "agnews_sk"
    (copy / "_core").mkdir(parents=True)
    for name in ("__init__.py", "_core/__init__.py", "_core/optional.py", "_core/public.py"):
        shutil.copy(ROOT / "agnews_sk" / name, copy / name)
    record = folder / "site" / "agnews_sk-0.1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.4\nName: agnews_sk\nVersion: 0.1.0\n")
    if origin is not None:
        (record / "direct_url.json").write_text(json.dumps(origin))
    if project is not None:
        (folder / "site" / "pyproject.toml").write_text(project)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from agnews_sk._core.optional import pip_line; print(pip_line('plot'))",
        ],
        capture_output=True, text=True, check=True, cwd=folder,
        env={"PYTHONPATH": str(folder / "site")},
    )  # fmt: skip
    return done.stdout.strip()


def test_a_checkout_is_installed_from_its_folder(tmp_path):
    line = line_printed(tmp_path, None, project='[project]\nname = "agnews_sk"\n')
    assert line == f'pip install -e "{tmp_path / "site"}[plot]"'


def test_another_project_is_not_a_checkout(tmp_path):
    line = line_printed(tmp_path, None, project='[project]\nname = "theirs"\n')
    assert line == 'pip install "agnews_sk[plot]"'


def test_a_package_installed_from_a_folder_is_installed_from_there(tmp_path):
    (tmp_path / "my checkout").mkdir()
    origin = {"url": (tmp_path / "my checkout").as_uri(), "dir_info": {}}
    assert line_printed(tmp_path, origin) == f'pip install "{tmp_path}/my checkout[plot]"'


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        (
            {"url": "https://host/x.git", "vcs_info": {"vcs": "git", "commit_id": "0"}},
            "git+https://host/x.git",
        ),
        ({"url": "file:///nowhere/x.whl", "archive_info": {}}, "file:///nowhere/x.whl"),
    ],
    ids=["repository", "wheel"],
)
def test_a_package_installed_from_an_address_is_installed_from_there(tmp_path, origin, url):
    line = line_printed(tmp_path, origin)
    requirement = Requirement(line.removeprefix('pip install "').removesuffix('"'))
    assert (requirement.name, requirement.extras, requirement.url) == ("agnews_sk", {"plot"}, url)


def test_a_package_from_an_index_is_installed_by_name(tmp_path):
    assert line_printed(tmp_path, None) == 'pip install "agnews_sk[plot]"'
