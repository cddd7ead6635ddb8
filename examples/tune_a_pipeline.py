"""
Which cleaning, n-grams and C work best together?
=================================================

One search samples them jointly, prunes trials that are worse on two folds, and refits only the
steps that changed. A second search optimizes accuracy and size.
"""

import matplotlib.pyplot as plt
import optuna
import pandas as pd

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.tuning import PipelineSearchCV, tfidf_space

optuna.logging.set_verbosity(optuna.logging.WARNING)
rows = load_train_test()
X, y = rows.X_train[:1500], rows.y_train[:1500]

search = PipelineSearchCV(make_tfidf_pipeline(), tfidf_space(), n_trials=20, cv=3, random_state=0)
search.fit(X, y)
results = pd.DataFrame(search.cv_results_)
columns = ["number", "state", "param_vectorize__words__ngram_range", "param_classify__C"]
print(rows.source, rows.notice)
print(results[[*columns, "mean_test_score"]].to_string(index=False))

# %%
# Trials that were not pruned, and the best so far:

scores = results.set_index("number")["mean_test_score"].dropna()
figure, ax = plt.subplots()
ax.plot(scores, "o", label="trial")
ax.step(scores.index, scores.cummax(), where="post", label="best so far")
ax.set(xlabel="trial", ylabel="accuracy on 3 folds")
ax.legend()
plt.show()

# %%
# Accuracy and size together:

both = PipelineSearchCV(
    make_tfidf_pipeline(),
    tfidf_space(),
    n_trials=20,
    cv=3,
    scoring=["accuracy", "size"],
    random_state=0,
).fit(X, y)
front = pd.DataFrame(
    [trial.values for trial in both.best_trials_], columns=["accuracy", "megabytes"]
)
print(front.sort_values("megabytes").to_string(index=False))
print(f"Best on 3 folds of {len(y):,} rows, {search.best_score_:.3f}: {search.best_params_}")
