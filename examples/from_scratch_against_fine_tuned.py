"""
How many labels replace a pretrained model?
===========================================

A transformer trained from scratch, a fine-tuned one and the baseline are trained on an increasing
number of labels and tested on the same texts. Set ``AGNEWS_SK_DATA`` to use real rows, and use more
sizes, splits and epochs then.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import StratifiedShuffleSplit

from agnews_sk import make_finetune_pipeline, make_tfidf_pipeline, make_transformer_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.evaluation import learning_curves
from agnews_sk.reporting import LearningCurvesDisplay

SIZES = [50, 200]

rows = load_train_test()
pipelines = {
    "tfidf": make_tfidf_pipeline(),
    "from scratch": make_transformer_pipeline(classify__max_epochs=6, random_state=0),
    "fine-tuned": make_finetune_pipeline(
        classify__max_epochs=1, classify__batch_size=8, classify__random_state=0
    ),
}
splits = StratifiedShuffleSplit(2, train_size=max(SIZES), test_size=100, random_state=0)
curves = learning_curves(pipelines, rows.X_train, rows.y_train, SIZES, cv=splits)

print(rows.source, rows.notice)
table = curves.curve().pivot(index="train_size", columns="classifier", values="score")
print(table[list(pipelines)].round(3))

# %%
# Two splits give rough curves; ``curves.pairwise()`` shows which differences are significant.

figure, ax = plt.subplots()
LearningCurvesDisplay.from_curves(curves, ax=ax)
ax.set_ylim(0, 1)
plt.show()

for size, best in table.idxmax(axis=1).items():
    print(f"With {size} labels, {best} has the highest score.")
