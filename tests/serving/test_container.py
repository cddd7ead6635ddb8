"""What can be checked of the container without a container engine."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from tests.serving.server import wait_until_ready

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def instructions(name):
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def start(bin_folder, model, port):
    """Run the image's CMD with the image's environment, on a port of this machine alone."""
    command = json.loads(instructions("CMD")[-1])
    instead = {"/model": str(model), "8000": str(port), "0.0.0.0": "127.0.0.1"}
    for name, value in instead.items():
        command = [word.replace(name, value) for word in command]
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    environment = {"PATH": f"{bin_folder}:/usr/bin:/bin", "WORKERS": "1", **kept}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def is_healthy(python, port):
    check = instructions("HEALTHCHECK")[0].split("CMD", 1)[1]
    command = [word.replace("8000", str(port)) for word in json.loads(check)]
    return subprocess.run([python, *command[1:]], stderr=subprocess.DEVNULL).returncode == 0


def serve_and_stop(bin_folder, model):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start(bin_folder, model, port)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        assert is_healthy(bin_folder / "python", port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert not is_healthy(bin_folder / "python", port)
    finally:
        process.kill()
        process.wait()


def test_the_command_serves_is_healthy_and_stops_at_sigterm(saved):
    bin_folder = Path(sys.executable).parent
    if not (bin_folder / "agnews-sk").exists():
        pytest.skip("the package is not installed")
    serve_and_stop(bin_folder, saved)


def test_the_image_runs_without_root_and_is_built_from_files_that_exist():
    assert instructions("USER")[-1].isdigit()
    assert instructions("USER")[-1] != "0"
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for copied in instructions("COPY"):
        *sources, _ = [word for word in copied.split() if not word.startswith("--")]
        if "--from" not in copied:
            assert all((ROOT / source).exists() and f"!{source}" in kept for source in sources)


def test_compose_mounts_the_model_read_only_and_drops_capabilities():
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].values()
    assert service["volumes"] == ["./model:/model:ro"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_steps_of_the_image_work_in_a_clean_environment(saved, tmp_path):
    """Needs a package index; torch comes from the same one as the rest."""
    source, home = tmp_path / "source", tmp_path / "venv"
    source.mkdir()
    for copied in instructions("COPY"):
        if "--from" not in copied:
            for name in copied.split()[:-1]:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, source / name)
    venv.create(home, with_pip=True)
    for command in instructions("RUN"):
        if command.startswith("pip install"):
            command = re.sub(r"\$\{TORCH_INDEX.*?\}", "", command)
            done = subprocess.run(
                f"{home}/bin/python -m {command}", shell=True, cwd=source, capture_output=True
            )
            if b"No matching distribution" in done.stderr:
                pytest.skip("there is no package index")
            assert done.returncode == 0, done.stderr.decode()
    serve_and_stop(home / "bin", saved)
