"""
Which texts should be labelled first?
=====================================

Labelling is simulated: the true labels answer. Texts are chosen at random, or where the present
classifier is least certain. Set ``AGNEWS_SK_DATA`` to use real rows.
"""

import matplotlib.pyplot as plt
import pandas as pd

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.labelling import ActiveLearner

rows = load_train_test()
X, y = rows.X_train[:2000], rows.y_train[:2000]
print(rows.source, rows.notice)

learners = {
    strategy: ActiveLearner(make_tfidf_pipeline(), strategy=strategy, cv=3, random_state=0).fit(X)
    for strategy in ("random", "margin")
}
accuracy = pd.DataFrame(index=pd.RangeIndex(20, 101, 20, name="labels"), dtype=float)
for n_labels in accuracy.index:
    for strategy, learner in learners.items():
        queried = learner.query(20)
        learner.teach(queried, y[queried])
        accuracy.loc[n_labels, strategy] = learner.score(rows.X_test, rows.y_test)

print(accuracy.round(3))
accuracy.plot(marker="o", ylabel="accuracy")
plt.show()

# %%
# Without test rows, the accuracy is estimated on the random ones among the labelled rows:

for strategy, learner in learners.items():
    print(f"{strategy}: {learner.estimate()}")
