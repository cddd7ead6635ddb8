"""
Which cleaning suits the baseline?
==================================

A grid search over the row filter, the cleaner and the n-grams: every parameter of every step is
addressed as ``step__parameter``.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.sampling import DuplicateFilter, MissingTextFilter

rows = load_train_test()
search = GridSearchCV(
    make_tfidf_pipeline(),
    {
        "filter": [MissingTextFilter(), DuplicateFilter()],
        "clean__strip_sources": [False, True],
        "vectorize__words__ngram_range": [(1, 1), (1, 2)],
    },
    cv=3,
)
search.fit(rows.X_train[:1500], rows.y_train[:1500])

columns = [name for name in search.cv_results_ if name.startswith("param_")]
table = pd.DataFrame(search.cv_results_)[[*columns, "mean_test_score", "std_test_score"]]
print(rows.source, rows.notice)
table = table.sort_values("mean_test_score", ascending=False)
print(
    table.set_axis(["strip_sources", "filter", "n-grams", "score", "std"], axis=1).to_string(
        index=False
    )
)

# %%
# Mean and standard deviation over the folds:

names = [
    f"{ngrams}, sources {'removed' if strip else 'kept'}, {row_filter}"
    for strip, row_filter, ngrams in table[columns].itertuples(index=False)
]
figure, ax = plt.subplots()
ax.errorbar(table["mean_test_score"], names, xerr=table["std_test_score"], fmt="o")
ax.invert_yaxis()
ax.set_xlabel("accuracy on 3 folds")
plt.show()

print(f"Best on 3 folds of 1,500 rows: {search.best_params_}")
