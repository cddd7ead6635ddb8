"""
How many texts can go without a person?
=======================================

A classifier that is wrong now and then may still answer most texts, if it hands the doubtful ones
to a person. How often is it wrong where it answers, by the share of texts that it is to answer?
"""

import pandas as pd
from sklearn.frozen import FrozenEstimator

from agnews_sk import AbstainingClassifier, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

rows = load_train_test()
fitted = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
held_out, labels = rows.X_train[1500:3000], rows.y_train[1500:3000]

found = []
for coverage in (1.0, 0.9, 0.75, 0.5):
    classifier = AbstainingClassifier(FrozenEstimator(fitted), coverage=coverage)
    classifier.fit(held_out, labels)
    answered = ~classifier.abstains(rows.X_test)
    wrong = classifier.predict(rows.X_test)[answered] != rows.y_test[answered]
    found.append(
        {
            "coverage": coverage,
            "threshold": classifier.threshold_,
            "answered": answered.mean(),
            "wrong": wrong.mean(),
        }
    )

table = pd.DataFrame(found)
print(rows.source, rows.notice)
print(table.round(3).to_string(index=False))
every, half = table["wrong"].iloc[[0, -1]]
print(f"Of all answers {every:.1%} are wrong, of those on the surer half of the texts {half:.1%}.")
