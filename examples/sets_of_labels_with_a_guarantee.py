"""
Which labels cannot be ruled out?
=================================

A conformal predictor returns a set of labels per text, which holds the right one for a chosen
share of new texts, however good or bad the classifier is. How large are the sets? This needs
`MAPIE <https://mapie.readthedocs.io>`_: ``pip install mapie``.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mapie.classification import SplitConformalClassifier

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

LEVELS = [0.8, 0.9, 0.95]

rows = load_train_test()
few = min(len(rows.X_train) // 2, 300)
fitted = make_tfidf_pipeline().fit(rows.X_train[:few], rows.y_train[:few])

# %%
# The sets are fitted on rows that the classifier has not seen:

conformal = SplitConformalClassifier(fitted, confidence_level=LEVELS, prefit=True)
held_out = slice(few, few + 1_000)
conformal.conformalize(rows.X_train[held_out], rows.y_train[held_out])
predicted, sets = conformal.predict_set(rows.X_test)  # sets: (n_texts, n_classes, n_levels)

codes = np.searchsorted(fitted.classes_, rows.y_test)
sizes = sets.sum(axis=1)  # (n_texts, n_levels)
table = pd.DataFrame(
    {
        "level": LEVELS,
        "coverage": sets[np.arange(len(codes)), codes].mean(axis=0),
        "labels per text": sizes.mean(axis=0),
        "texts with one label": (sizes == 1).mean(axis=0),
    }
)
print(rows.source, rows.notice)
print(f"Accuracy: {np.mean(predicted == rows.y_test):.3f}")
print(table.round(3).to_string(index=False))

shares = pd.DataFrame(sizes, columns=LEVELS).apply(lambda size: size.value_counts(normalize=True))
ax = shares.T.plot.bar(stacked=True, rot=0)
ax.legend(title="labels per text", loc="upper left", bbox_to_anchor=(1, 1))
ax.set(xlabel="share of sets that hold the right label", ylabel="share of texts")
plt.tight_layout()
plt.show()

# %%
# A text whose set has several labels is one to look at, and these are the labels to choose from:

unsure = np.argmax(sizes[:, 1])
names = ", ".join(map(str, fitted.classes_[sets[unsure, :, 1]]))
print(f"{rows.X_test['title'].iloc[unsure]}\n{names or 'no label'}; right is {rows.y_test[unsure]}")
coverage, size = table.loc[1, ["coverage", "labels per text"]]
print(
    f"At 90 %, the set holds the right label for {coverage:.1%} of texts, with {size:.2f} labels."
)
