"""
Which labels are wrong?
=======================

An audit lists the rows whose label a baseline, trained on the other rows, finds improbable. Set
``AGNEWS_SK_DATA`` to use real rows. This needs cleanlab, from the ``audit`` extra.
"""

import matplotlib.pyplot as plt

from agnews_sk.auditing import audit
from agnews_sk.datasets import load_train_test

rows = load_train_test()
report = audit(rows.X_train[:4000], rows.y_train[:4000], rows.X_test)

print(rows.source, rows.notice)
counts = report.frame["count"]
print(counts.to_string())

ax = counts[::-1].plot.barh()
ax.set_xscale("symlog")
ax.set(xlabel="rows or pairs", ylabel="")
plt.show()

# %%
# The labels that are most likely to be wrong:

suspects = report["label_errors"]
for example in suspects.examples.itertuples():
    print(f"\nLabel {example.label}, suggested {example.suggested}: {example.text}")
print(f"\n{suspects.count:,} of {report.n_rows:,} labels should be reviewed.")
