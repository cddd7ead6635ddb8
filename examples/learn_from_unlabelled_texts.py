"""
What are texts without labels worth?
====================================

Texts are often plentiful, and labels are not. `SelfTrainedClassifier` labels the other texts
itself, where it is confident, and learns from these pseudo-labels too. How much more accurate is
that, by the number of labels?
"""

import matplotlib.pyplot as plt
import pandas as pd

from agnews_sk import SelfTrainedClassifier, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

rows = load_train_test()
unlabelled = rows.X_train[400:3000]

found = []
for n_labels in (50, 100, 400):
    X, y = rows.X_train[:n_labels], rows.y_train[:n_labels]
    alone = make_tfidf_pipeline().fit(X, y)
    trained = SelfTrainedClassifier(make_tfidf_pipeline(), random_state=0)
    trained.fit(X, y, X_unlabelled=unlabelled)
    found.append(
        {
            "labels": n_labels,
            "labelled_only": alone.score(rows.X_test, rows.y_test),
            "self_trained": trained.score(rows.X_test, rows.y_test),
            "pseudo_labels": trained.n_pseudo_labelled_,
            "held_out_accuracy": trained.held_out_accuracy_,
        }
    )

table = pd.DataFrame(found)
print(rows.source, rows.notice)
print(table.round(3).to_string(index=False))

table.plot.bar("labels", ["labelled_only", "self_trained"], ylabel="accuracy", rot=0)
plt.show()

# %%
# The last column of the table estimates the accuracy from the labelled rows alone.

few, many = (table["self_trained"] - table["labelled_only"]).iloc[[0, -1]]
print(f"Self-training changes the accuracy by {few:+.3f} with 50 labels, {many:+.3f} with 400.")
