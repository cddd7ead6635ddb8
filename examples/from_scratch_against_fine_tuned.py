"""
How many labels until a pretrained model is not missed?
=======================================================

A transformer trained from scratch, a fine-tuned one and the baseline learn from more and more
labels and are tested on the same stories. ``AGNEWS_SK_DATA`` names real rows to ask the question
on; take more sizes, splits and epochs there.
"""

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
# With two splits the curves are a sketch; ``curves.pairwise()`` tells which differences hold.

LearningCurvesDisplay.from_curves(curves)
for size, best in table.idxmax(axis=1).items():
    print(f"With {size} labels, {best} is ahead.")
