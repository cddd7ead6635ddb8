"""
What does an export to ONNX change?
===================================

A small transformer is exported in float32 and in 8 bits, and both are compared with the original
on the same texts. The exported models need neither torch nor transformers.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from agnews_sk import make_transformer_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.onnx import OnnxClassifier, export_onnx

rows = load_train_test()
pipeline = make_transformer_pipeline(classify__max_epochs=2, random_state=0)
pipeline.fit(rows.X_train[:1500], rows.y_train[:1500])
X, y = rows.X_test[:500], rows.y_test[:500]

reports = {}
with tempfile.TemporaryDirectory() as folder:
    for quantize in (None, "int8"):
        name = quantize or "float32"
        path = Path(folder) / name
        report = export_onnx(pipeline, path, X=X, y=y, quantize=quantize, max_accuracy_drop=0.01)
        kib = (path / "model.onnx").stat().st_size // 1024
        reports[name] = {**report.as_dict(), "model.onnx KiB": kib}
    labels = OnnxClassifier.from_path(path).predict(["Oil prices rise", "The cup final"])

print(rows.source, rows.notice)
table = pd.DataFrame(reports).T
print(table.to_string())

# %%
# What 8 bits save, and what they cost:

shown = table[["model.onnx KiB", "max_difference"]].astype(float)
shown.columns = ["size in KiB", "largest difference of a probability"]
shown.plot.bar(subplots=True, layout=(1, 2), figsize=(7, 3), legend=False, rot=0)
plt.show()

print(f"Predictions of the 8-bit model: {labels.tolist()}")
print(f"8 bits change {reports['int8']['n_changed']:.0f} of 500 predictions, float32 none.")
