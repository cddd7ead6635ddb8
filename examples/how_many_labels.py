"""
How many labels are enough?
===========================

Labels cost more than computing time. Learning curves show what the next hundred labels are worth,
and from how many of them on words alone do as well as a pretrained encoder. Smaller training sets
are parts of larger ones, and both classifiers get the same rows.
"""

import matplotlib.pyplot as plt

from agnews_sk import TextCache, make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.evaluation import learning_curves
from agnews_sk.reporting import LearningCurvesDisplay

SIZES = [8, 32, 100, 400]

rows = load_train_test()
X, y = rows.X_train[:800], rows.y_train[:800]
classifiers = {
    "TF-IDF": make_tfidf_pipeline(),
    "embeddings": make_embedding_pipeline(embed__cache=TextCache()),  # embeds each text once
}
sizes = [size for size in SIZES if size <= 0.8 * len(X)]  # a fifth of the rows is for testing
curves = learning_curves(classifiers, X, y, sizes, progress=print)

print(rows.source, rows.notice)
print(curves.curve().round(3).to_string(index=False))

# %%
# The curves with their 95 % intervals:

figure, ax = plt.subplots()
LearningCurvesDisplay.from_curves(curves, ax=ax)
ax.set_ylim(0, 1)
plt.show()

# %%
# What the last labels were worth, for each classifier:

accuracy = curves.curve().pivot(index="train_size", columns="classifier", values="score")
fewer, more = accuracy.index[-2:]
for name, gain in (accuracy.loc[more] - accuracy.loc[fewer]).items():
    print(f"{name}: {gain:+.3f} from {fewer} to {more} labels.")
