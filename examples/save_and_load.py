"""
Does a loaded model predict the same as the original?
=====================================================

A pipeline is saved to a folder and loaded again, and the probabilities of both are compared. Then
one byte of the saved model is changed.
"""

import tempfile
from pathlib import Path

import numpy as np

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.persistence import ArtifactError, ModelCard, load, save

rows = load_train_test()
pipeline = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
card = ModelCard(
    data=f"1,500 rows of {rows.source}",
    scores={"accuracy": pipeline.score(rows.X_test[:500], rows.y_test[:500])},
)

with tempfile.TemporaryDirectory() as folder:
    path = save(pipeline, Path(folder) / "model", card=card)
    for file in sorted(path.iterdir()):
        print(f"{file.name:16} {file.stat().st_size:9,} bytes")

    loaded = load(path)
    before = pipeline.predict_proba(rows.X_test[:500])
    difference = np.abs(before - loaded.predict_proba(rows.X_test[:500])).max()

    damaged = bytearray((path / "pipeline.skops").read_bytes())
    damaged[1000] ^= 1
    (path / "pipeline.skops").write_bytes(damaged)
    try:
        load(path)
    except ArtifactError as error:
        print(f"Rejected: {error}")

print(f"The loaded model's probabilities differ by at most {difference} on 500 texts.")
