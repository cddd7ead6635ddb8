"""Forged models of many kinds are rejected; none opens a file, hangs or ends the process."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_forged_model_is_rejected_without_ending_the_process(tmp_path):
    command = [sys.executable, "-m", "tests.persistence.forged", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=250)
    said = [json.loads(line) for line in run.stdout.splitlines()]
    assert said[-1:] == ["the end"], (said[-1:], run.stderr[-2_000:])
    outcomes = dict(zip(said[:-1:2], said[1:-1:2], strict=True))
    assert len(outcomes) > 200
    assert {name: found for name, found in outcomes.items() if found != "rejected"} == {}
