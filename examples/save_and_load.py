"""
Does a loaded model predict the same as the original?
=====================================================

A pipeline is saved to a folder and loaded again, and the probabilities of both are compared. Then
one byte of the saved model is changed.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
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
    after = loaded.predict_proba(rows.X_test[:500])

    damaged = bytearray((path / "pipeline.skops").read_bytes())
    damaged[1000] ^= 1
    (path / "pipeline.skops").write_bytes(damaged)
    try:
        load(path)
    except ArtifactError as error:
        print(f"Rejected: {error}")

difference = np.abs(before - after).max()
print(f"The loaded model's probabilities differ by at most {difference} on 500 texts.")

# %%
# Each point is the probability of one class for one text:

figure, ax = plt.subplots()
ax.plot(before.ravel(), after.ravel(), ".", alpha=0.3)
ax.set(xlabel="probability by the original", ylabel="by the loaded model", aspect="equal")
plt.show()
