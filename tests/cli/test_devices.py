"""A network is trained on several devices by the command, in a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agnews_sk import load

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_train_on_two_devices_saves_a_model_for_any_number(rows, tiny_model, tmp_path):
    out, temporary = tmp_path / "model", tmp_path / "temporary"
    temporary.mkdir()
    arguments = ["train", "--family", "finetune", "--model", tiny_model, "--devices", 2]
    arguments += ["--epochs", 2, "--set", "classify__device=cpu", "--data", rows, "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "agnews_sk", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=800,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    )
    assert done.returncode == 0, done.stderr
    assert "Fitted: finetune on 160 rows" in done.stdout
    assert "Saved:" in done.stdout
    assert list(temporary.glob("agnews_sk-*")) == []
    model = load(out)
    assert model["classify"].devices == 1
    assert len(model.predict(["Oil prices rise again"])) == 1
