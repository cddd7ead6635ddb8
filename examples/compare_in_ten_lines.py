"""
Does a fine-tuned transformer beat TF-IDF?
==========================================

Both are trained on the same 600 texts and tested on the same 400. Does fine-tuning improve the
accuracy, and what does it cost? Set ``AGNEWS_SK_DATA`` to use real rows.
"""

import matplotlib.pyplot as plt

from agnews_sk import compare_classifiers, make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.reporting import CostQualityDisplay

rows = load_train_test()
pipelines = {
    "tfidf": make_tfidf_pipeline(),
    "finetune": make_finetune_pipeline(classify__max_epochs=1, classify__random_state=0),
}
train, test = (rows.X_train[:600], rows.y_train[:600]), (rows.X_test[:400], rows.y_test[:400])
result = compare_classifiers(pipelines, *train, *test, random_state=0)

print(rows.source, rows.notice)
print(result.scores[["accuracy", "macro_f1", "fit_seconds", "texts_per_second"]].round(3))

# %%
# Accuracy with its 95 % interval, against the time of `fit`:

figure, ax = plt.subplots()
CostQualityDisplay.from_result(result, ax=ax)
plt.show()

# %%
# The summary calls one of them more accurate only if the interval of the difference and the paired
# test agree.

print(result.summary())
