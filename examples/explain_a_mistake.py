"""
Why was this text misclassified?
================================

This script finds the worst error of a TF-IDF baseline and the words that caused it. Set
``AGNEWS_SK_DATA`` to use real rows.
"""

import matplotlib.pyplot as plt

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.inspection import explain, top_losses

rows = load_train_test()
pipeline = make_tfidf_pipeline().fit(rows.X_train[:2000], rows.y_train[:2000])
worst = top_losses(pipeline, rows.X_test[:500], rows.y_test[:500], k=1).iloc[0]
explanation = explain(pipeline, [worst["text"]])

print(rows.source, rows.notice)
print(worst["text"])
figure, axes = plt.subplots(2, sharex=True)
for ax, label in zip(axes, (worst["predicted"], worst["true"])):
    words = explanation.of(0, label).nlargest(5, "contribution")
    print(f"\nContributions to {label}:")
    print(words[["word", "contribution"]].round(3).to_string(index=False))
    words[::-1].plot.barh("word", "contribution", ax=ax, legend=False)
    ax.set(title=f"Contributions to {label}", ylabel="")
plt.show()

# %%
# Each bar is what a word adds to the score of the class.

print(
    f"The label is {worst['true']}; because of the words above, the prediction is "
    f"{worst['predicted']} with a probability of {worst['p_predicted']:.0%}."
)
