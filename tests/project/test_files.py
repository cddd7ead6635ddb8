"""The files around the package: they agree with it, pin what they run, and name no foreign host."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from agnews_sk import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = re.compile(r"uses: (?P<name>[\w./-]+)@(?P<commit>\S+)(?P<comment>.*)")
# Hosts of package indexes, in parts, so that this file does not name them either.
HOSTS = re.compile(
    r"\b(files\.pythonhosted|(test\.)?pypi|conda\.anaconda|registry\.npmjs|download\.pytorch"
    r"|proxy\.golang|deb\.debian)\.(org|com)\b"
)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps_of(path):
    return [step for job in parsed(path)["jobs"].values() for step in job["steps"]]


def test_the_version_is_the_same_everywhere():
    assert PROJECT["version"] == __version__
    assert yaml.safe_load(read("CITATION.cff"))["version"] == __version__
    assert re.search(r"^## (\S+)", read("CHANGES.md"), re.MULTILINE)[1] == __version__


def test_the_citation_describes_the_package_as_it_describes_itself():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["title"] == PROJECT["name"]
    assert " ".join(citation["abstract"].split()) == PROJECT["description"]
    assert citation["license"] == PROJECT["license"]


def test_every_supported_python_is_tested_on_every_system():
    matrix = parsed(ROOT / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    supported = [
        line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d", line)
    ]
    assert matrix["python"] == supported
    assert PROJECT["requires-python"] == f">={supported[0]}"
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version(path):
    found = list(ACTION.finditer(path.read_text(encoding="utf-8")))
    assert found
    for action in found:
        assert re.fullmatch(r"[0-9a-f]{40}", action["commit"]), action[0]
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", action["comment"]), action[0]


def test_an_action_has_one_version():
    versions = {
        (action["name"], action["commit"], action["comment"])
        for path in WORKFLOWS
        for action in ACTION.finditer(path.read_text(encoding="utf-8"))
    }
    assert len({name for name, _, _ in versions}) == len(versions)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read_unless_a_job_says_otherwise(path):
    assert parsed(path)["permissions"] == {"contents": "read"}
    granted = {
        name: job["permissions"]
        for name, job in parsed(path)["jobs"].items()
        if "permissions" in job
    }
    assert granted == ({"publish": {"id-token": "write"}} if path.stem == "release" else {})
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_targets_and_extras_that_workflows_use_exist(path):
    code = "\n".join(step.get("run", "") for step in steps_of(path))
    targets = re.findall(r"\bmake ([\w-]+)", code)
    assert [name for name in targets if not re.search(f"^{name}.*:", read("Makefile"), re.M)] == []
    extras = ",".join(re.findall(r"--editable \"\.\[([\w,]+)\]\"", code)).split(",")
    assert set(filter(None, extras)) <= set(PROJECT["optional-dependencies"])


def test_hooks_run_the_versions_of_the_constraints():
    hooks = parsed(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    needed = {line for hook in hooks for line in hook["additional_dependencies"]}
    assert {name for name in needed if name.startswith("ruff")} <= set(
        read("constraints.txt").splitlines()
    )
    versions = {Requirement(line).name for line in needed}
    assert len(versions) == len(needed)


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("the sources are not under version control")
    return done.stdout.splitlines()


def test_no_file_names_the_host_of_a_package_index():
    found = {}
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if hosts := HOSTS.search(text):
            found[name] = hosts[0]
    assert found == {}


@pytest.mark.parametrize("parts", [("pypi", "org"), ("files", "pythonhosted", "org")])
def test_the_host_of_a_package_index_would_be_found(parts):
    assert HOSTS.search(f"pip install --index-url https://{'.'.join(parts)}/simple agnews_sk")


def test_the_nightly_job_fails_on_deprecations_that_the_package_meets(tmp_path):
    (step,) = (
        s for s in steps_of(ROOT / ".github/workflows/nightly.yml") if s.get("name") == "Test"
    )
    filters = step["env"]["FILTERS"]
    pytest_options = tomllib.loads(read("pyproject.toml"))["tool"]["pytest"]["ini_options"]
    assert set(pytest_options["filterwarnings"]) <= set(filters.splitlines())
    (tmp_path / "test_one.py").write_text(
        "import warnings\n"
        "def test_one():\n"
        "    place = {'module': 'agnews_sk.cleaning._steps', 'filename': 'x', 'lineno': 1}\n"
        "    warnings.warn_explicit('old', FutureWarning, **place)\n"
    )
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={tmp_path}"]
    command = [sys.executable, "-m", "pytest", *options, "-o", f"filterwarnings={filters}"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert "FutureWarning: old" in done.stdout
    assert done.returncode == 1
