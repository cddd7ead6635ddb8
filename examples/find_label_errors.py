"""
Which labels are wrong?
=======================

An audit names the rows whose label a baseline, trained on the others, finds unlikely.
``AGNEWS_SK_DATA`` names real rows to ask the question on. It needs cleanlab, from the ``audit``
extra.
"""

from agnews_sk.auditing import audit
from agnews_sk.datasets import load_train_test

rows = load_train_test()
report = audit(rows.X_train[:4000], rows.y_train[:4000], rows.X_test)

print(rows.source, rows.notice)
print(report.frame["count"].to_string())

suspects = report["label_errors"]
for example in suspects.examples.itertuples():
    print(f"\n{example.label}, rather {example.suggested}: {example.text}")
print(f"\n{suspects.count:,} of {report.n_rows:,} labels are worth a look.")
