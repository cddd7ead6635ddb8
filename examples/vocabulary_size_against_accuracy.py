"""
How many n-grams does the baseline need?
========================================

The baseline is limited to the most frequent n-grams. How do accuracy and model size depend on their
number? Set ``AGNEWS_SK_DATA`` to use real rows.
"""

import matplotlib.pyplot as plt

from agnews_sk import compare_classifiers, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test

SIZES = [50, 200, 1000, 5000, None]

rows = load_train_test()
pipelines = {
    "all" if size is None else f"{size:,}": make_tfidf_pipeline(
        characters=False, vectorize__words__max_features=size
    )
    for size in SIZES
}
train, test = (rows.X_train[:3000], rows.y_train[:3000]), (rows.X_test[:1000], rows.y_test[:1000])
result = compare_classifiers(pipelines, *train, *test, random_state=0)

scores = result.scores.rename_axis("n-grams")
scores["megabytes"] = scores["size_bytes"] / 1e6
print(rows.source, rows.notice)
print(scores[["accuracy", "accuracy_low", "accuracy_high", "megabytes"]].round(3))

# %%
# Accuracy with its 95 % interval:

below, above = scores["accuracy"] - scores["accuracy_low"], scores["accuracy_high"]
figure, ax = plt.subplots()
ax.errorbar(scores.index, scores["accuracy"], [below, above - scores["accuracy"]], fmt="o-")
ax.set(xlabel="n-grams", ylabel="accuracy")
plt.show()

# %%
# The smallest number that does not differ significantly from all n-grams:

pairs = result.pairwise()
similar = pairs.loc[(pairs["b"] == "all") & ~pairs["significant"], "a"]
print(f"Smallest without a significant difference: {[*similar, 'all'][0]} n-grams.")
