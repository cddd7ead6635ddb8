"""
How much accuracy does a millisecond buy?
=========================================

A search optimizes accuracy and latency, and keeps the pipelines on the Pareto front. A rule then
selects one of them. Set ``AGNEWS_SK_DATA`` to use real rows.
"""

import matplotlib.pyplot as plt
import optuna
import pandas as pd

from agnews_sk import PipelineSearchCV, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.tuning import tfidf_space

TOLERANCE = 0.005

optuna.logging.set_verbosity(optuna.logging.WARNING)
rows = load_train_test()


def fastest_of_the_best(cv_results):
    """Return the fastest trial whose accuracy is within the tolerance of the best."""
    results = pd.DataFrame(cv_results)
    accuracy = results["mean_test_accuracy"]
    return results.loc[accuracy >= accuracy.max() - TOLERANCE, "mean_test_latency"].idxmin()


search = PipelineSearchCV(
    make_tfidf_pipeline(),
    tfidf_space(),
    n_trials=20,
    cv=3,
    scoring=["accuracy", "latency"],
    refit=fastest_of_the_best,
    random_state=0,
)
search.fit(rows.X_train[:1500], rows.y_train[:1500])

print(rows.source, rows.notice)

# %%
# The front, from the fastest to the most accurate:

front = pd.DataFrame(
    [
        {"accuracy": t.values[0], "milliseconds": t.values[1], **t.params}
        for t in search.best_trials_
    ]
)
columns = [
    "accuracy",
    "milliseconds",
    "vectorize__words__ngram_range",
    "vectorize__words__min_df",
    "classify__C",
]
print(front.sort_values("milliseconds")[columns].round(3).to_string(index=False))

# %%
# All trials; the line joins those on the front:

trials = pd.DataFrame(search.cv_results_)
figure, ax = plt.subplots()
ax.plot(trials["mean_test_latency"], trials["mean_test_accuracy"], "o", alpha=0.4)
ax.plot("milliseconds", "accuracy", "o-", data=front.sort_values("milliseconds"), label="front")
ax.set(xlabel="milliseconds per text", ylabel="accuracy on 3 folds")
ax.legend()
plt.show()

# %%
# The fastest trial that loses at most half a percentage point:

chosen = trials.loc[search.best_index_]
print(
    f"Chosen: accuracy {chosen['mean_test_accuracy']:.3f} at {chosen['mean_test_latency']:.3f} ms, "
    f"{search.best_params_}"
)
