"""No request, allowed by the OpenAPI document or not, makes the service fail."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk.serving import Limits, create_app
from tests.serving.server import in_thread


@pytest.mark.slow
@pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed")
def test_schemathesis_finds_no_failure_of_the_service(pipeline, tmp_path):
    command = Path(sys.executable).with_name("schemathesis")
    with in_thread(create_app(pipeline, limits=Limits(max_texts=8, max_characters=500))) as address:
        done = subprocess.run(
            [
                command,
                "run",
                f"{address}/openapi.json",
                "--checks",
                "not_a_server_error",
                "--max-examples",
                "200",
                "--seed",
                "0",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=250,
        )
    assert done.returncode == 0, done.stdout
