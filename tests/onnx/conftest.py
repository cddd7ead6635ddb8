"""Exports of each family, made once and only if a test asks for them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from agnews_sk.onnx import ParityReport, export_onnx
from tests.onnx.rows import INT8, LABELS, ROWS, TEXTS

for _library in ("onnx", "onnxruntime", "onnxscript"):
    pytest.importorskip(_library)


class Exported(NamedTuple):
    """An exported model: its folder, and the report of its export."""

    path: Any
    report: ParityReport


class Exports(Mapping):
    """Exports by name: a family, or a family of `INT8` quantized."""

    def __init__(self, fitted, root):
        self._fitted, self._root = fitted, root
        self._made = {}

    def __getitem__(self, name):
        if name not in self._made:
            self._made[name] = Exported(self._root / name, self._export(name))
        return self._made[name]

    def __iter__(self):
        return iter((*self._fitted, *INT8))

    def __len__(self):
        return len(self._fitted) + len(INT8)

    def _export(self, name):
        path = self._root / name
        if name in INT8:
            pipeline = self._fitted[INT8[name]]
            return export_onnx(
                pipeline, path, X=ROWS, y=LABELS, quantize="int8", max_accuracy_drop=0.2
            )
        return export_onnx(self._fitted[name], path, X=TEXTS + ROWS)


@pytest.fixture(scope="session")
def graphs_once():
    """Have torch export each module once: an export takes seconds, and is reproducible.

    `test_graphs.py` checks that it is reproducible.
    """
    from agnews_sk.onnx import _export

    made = {}
    module_graph = _export.module_graph

    def remembered(module, *, has_chunks):
        weights = {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}
        key = repr(module), tuple(weights.items()), has_chunks
        if key not in made:
            made[key] = module_graph(module, has_chunks=has_chunks)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_export, "module_graph", remembered)
        yield


@pytest.fixture(scope="session")
def exported(graphs_once, fitted, tmp_path_factory):
    """Exports by name; not to be changed."""
    return Exports(fitted, tmp_path_factory.mktemp("exported"))
