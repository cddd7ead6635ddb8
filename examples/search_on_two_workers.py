"""
Does a cluster give the same search results?
============================================

scikit-learn's grid search and cross-validation, and our search, run on a Dask cluster through
joblib. Here the cluster consists of two processes on this machine; pass the address of a scheduler
to use many machines.
"""

import joblib
import matplotlib.pyplot as plt
import optuna
from sklearn.model_selection import GridSearchCV, cross_val_score

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.tuning import PipelineSearchCV


def main() -> None:
    """Search in this process and on the cluster."""
    from distributed import Client, LocalCluster

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = load_train_test()
    X, y = rows.X_train[:1000], rows.y_train[:1000]
    pipeline, space = make_tfidf_pipeline(), {"classify__C": [3.0, 10.0, 30.0, 100.0]}
    here = GridSearchCV(pipeline, space, cv=3).fit(X, y)
    scores_here = cross_val_score(pipeline, X, y, cv=3)
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster), joblib.parallel_config("dask"):
        there = GridSearchCV(pipeline, space, cv=3).fit(X, y)
        scores_there = cross_val_score(pipeline, X, y, cv=3)
        search = PipelineSearchCV(pipeline, space, n_trials=8, cv=3, random_state=0).fit(X, y)
    print(rows.source, rows.notice)
    print(f"grid search in this process   {here.best_score_:.4f} {here.best_params_}")
    print(f"grid search on the cluster    {there.best_score_:.4f} {there.best_params_}")
    print(f"our search on the cluster     {search.best_score_:.4f} {search.best_params_}")
    plt.semilogx(space["classify__C"], here.cv_results_["mean_test_score"], label="this process")
    plt.semilogx(space["classify__C"], there.cv_results_["mean_test_score"], "o", label="cluster")
    plt.xlabel("classify__C")
    plt.ylabel("accuracy on 3 folds")
    plt.legend()
    plt.show()
    same = (scores_here == scores_there).all() and here.best_score_ == there.best_score_
    print(f"The scores are {'the same' if same else 'not the same'}.")


if __name__ == "__main__":
    main()
