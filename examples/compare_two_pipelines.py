"""
Does a fine-tuned transformer beat TF-IDF?
==========================================

Both pipelines learn from the same 600 stories and are tested on the same 400: does fine-tuning
pay, and what does it cost? ``AGNEWS_SK_DATA`` names real rows to ask the question on.
"""

from rich.console import Console

from agnews_sk import compare_classifiers, make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.evaluation import comparison_table

rows = load_train_test()
pipelines = {
    "tfidf": make_tfidf_pipeline(),
    "finetune": make_finetune_pipeline(classify__max_epochs=1, classify__random_state=0),
}
result = compare_classifiers(
    pipelines,
    rows.X_train[:600],
    rows.y_train[:600],
    rows.X_test[:400],
    rows.y_test[:400],
    random_state=0,
)

print(rows.source, rows.notice)
Console().print(comparison_table(result))

best = result.scores["accuracy"].idxmax()
p_value = result.pairwise()["p_value"].item()
print(f"{best} is ahead on these rows; McNemar's test gives p = {p_value:.3f}.")
