"""
How many texts can be classified automatically?
===============================================

A classifier that abstains from uncertain texts leaves these to a person and makes fewer errors on
the rest. How does the error rate depend on the proportion of texts that it classifies?
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.frozen import FrozenEstimator

from agnews_sk import AbstainingClassifier, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

rows = load_train_test()
fitted = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
held_out, labels = rows.X_train[1500:3000], rows.y_train[1500:3000]

found = []
for coverage in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
    classifier = AbstainingClassifier(FrozenEstimator(fitted), coverage=coverage)
    classifier.fit(held_out, labels)
    classified = ~classifier.abstains(rows.X_test)
    wrong = classifier.predict(rows.X_test)[classified] != rows.y_test[classified]
    found.append(
        {
            "coverage": coverage,
            "threshold": classifier.threshold_,
            "classified": classified.mean(),
            "error_rate": wrong.mean(),
        }
    )

table = pd.DataFrame(found)
print(rows.source, rows.notice)
print(table.round(3).to_string(index=False))

ax = table.plot("classified", "error_rate", marker="o", legend=False)
ax.set(xlabel="proportion of texts classified", ylabel="error rate", ylim=0)
plt.show()

# %%
# The proportion to choose depends on what an error costs, and what a person costs.

every, half = table["error_rate"].iloc[[0, -1]]
print(f"Error rate: {every:.1%} on all texts, {half:.1%} on the half with the highest confidence.")
