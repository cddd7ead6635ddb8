"""
How many texts can go without a person?
=======================================

A classifier that is wrong now and then may still answer most texts, if it hands the doubtful ones
to a person. How many can it answer while no more than a given share of its answers is wrong?
"""

import pandas as pd
from sklearn.frozen import FrozenEstimator

from agnews_sk import AbstainingClassifier, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

rows = load_train_test()
fitted = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
held_out, labels = rows.X_train[1500:3000], rows.y_train[1500:3000]

found = []
for max_error in (0.02, 0.05, 0.1, 0.15):
    classifier = AbstainingClassifier(FrozenEstimator(fitted), max_error=max_error)
    classifier.fit(held_out, labels)
    answered = ~classifier.abstains(rows.X_test)
    wrong = classifier.predict(rows.X_test)[answered] != rows.y_test[answered]
    found.append(
        {
            "allowed error": max_error,
            "threshold": classifier.threshold_,
            "answered": answered.mean(),
            "error of the answers": wrong.mean() if answered.any() else float("nan"),
        }
    )

table = pd.DataFrame(found)
print(rows.source, rows.notice)
print(table.round(3).to_string(index=False))
print(f"Allowed {table.iloc[1, 0]:.0%} of errors, it answers {table.iloc[1, 2]:.0%} of the texts.")
