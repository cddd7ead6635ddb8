"""imbalanced-learn comes without the test helpers of scikit-learn, which still work when called."""

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from agnews_sk._core.imbalanced import imported_late


def test_a_function_imported_late_is_that_of_the_module(tmp_path, monkeypatch):
    (tmp_path / "a_late_module.py").write_text("def double(x, *, plus=0): return 2 * x + plus")
    monkeypatch.syspath_prepend(tmp_path)
    with imported_late(["a_late_module"]):
        from a_late_module import double
    assert "a_late_module" not in sys.modules
    assert double(3, plus=1) == 7
    assert sys.modules.pop("a_late_module").double is not double


def test_a_module_that_is_imported_already_stays(monkeypatch):
    module = ModuleType("a_module")
    monkeypatch.setitem(sys.modules, "a_module", module)
    with imported_late(["a_module"]):
        assert sys.modules["a_module"] is module
    assert sys.modules["a_module"] is module


def test_modules_are_importable_again_after_an_error():
    with pytest.raises(RuntimeError, match="stop"), imported_late(["colorsys"]):
        raise RuntimeError("stop")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)


def test_helpers_of_tests_work_when_they_are_called():
    code = """
import sys
from agnews_sk._core.imbalanced import imblearn
from sklearn.linear_model import LogisticRegression
from sklearn_compat._sklearn_compat import _construct_instances
assert "sklearn.utils._testing" not in sys.modules
print(next(_construct_instances(LogisticRegression)), imblearn.pipeline.Pipeline.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "LogisticRegression(max_iter=5) Pipeline\n"
