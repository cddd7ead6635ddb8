"""Every example runs offline on few rows, prints a result, and draws a figure."""

import contextlib
import io
import runpy
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.rows import write_rows

EXAMPLES = sorted(Path(__file__).parents[1].joinpath("examples").glob("*.py"))
FEW = (80, 40)
# Numbers of training and test rows of examples that need more.
ROWS = {
    "abstain_below_a_threshold": (1_700, 200),
    "compare_in_ten_lines": (60, 40),
    "from_scratch_against_fine_tuned": (320, 20),
    "learn_from_unlabelled_texts": (500, 60),
    "predict_on_many_workers": (160, 700),
}
# Searches, clusters, and exports or fits of several classifiers.
SLOW = {
    "choose_on_the_pareto_front",
    "export_to_onnx",
    "from_scratch_against_fine_tuned",
    "learn_from_unlabelled_texts",
    "predict_on_many_workers",
    "search_on_two_workers",
    "tune_a_pipeline",
}
NEEDED = {
    "distributed": ("distributed", "dask"),
    "onnx": ("onnxruntime", "onnx"),
    "audit(": ("cleanlab", "audit"),
    "mapie": ("mapie", "neighbours"),
    '"serve"': ("fastapi", "serve"),
}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
        for path in EXAMPLES
    ],
)
def test_example_runs_prints_a_result_and_draws_a_figure(path, tiny_default, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="the plot extra is not installed")
    for word, (module, extra) in NEEDED.items():
        if word in path.read_text() and find_spec(module) is None:
            pytest.skip(f"the {extra} extra is not installed")
    folder = write_rows(tiny_default / "rows", *ROWS.get(path.stem, FEW))
    monkeypatch.setenv("AGNEWS_SK_DATA", str(folder))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot.close("all")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*non-interactive", UserWarning)
        runpy.run_path(str(path), run_name="__main__")

    assert len(printed.getvalue().strip().splitlines()) > 3
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    assert any(ax.has_data() for figure in figures for ax in figure.axes)
    pyplot.close("all")
