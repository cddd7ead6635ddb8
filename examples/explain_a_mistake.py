"""
Why was this story put into the wrong class?
============================================

A TF-IDF baseline is asked for its worst mistake, and for the words that led it there.
``AGNEWS_SK_DATA`` names real rows to ask the question on.
"""

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.inspection import explain, top_losses

rows = load_train_test()
pipeline = make_tfidf_pipeline().fit(rows.X_train[:2000], rows.y_train[:2000])
worst = top_losses(pipeline, rows.X_test[:500], rows.y_test[:500], k=1).iloc[0]
explanation = explain(pipeline, [worst["text"]])

print(rows.source, rows.notice)
print(worst["text"])
for label in (worst["predicted"], worst["true"]):
    words = explanation.of(0, label).nlargest(5, "contribution")
    print(f"\nfor {label}:")
    print(words[["word", "contribution"]].round(3).to_string(index=False))

print(
    f"\nIt is labelled {worst['true']}; the words above made it {worst['predicted']} with a "
    f"probability of {worst['p_predicted']:.0%}."
)
