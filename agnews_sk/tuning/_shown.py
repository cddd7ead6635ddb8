"""A search at a glance: the answer and the best trials, as notebooks show them."""

from html import escape
from typing import Any

import numpy as np
from sklearn.utils import estimator_html_repr

from agnews_sk._core.formats import listed, number
from agnews_sk._core.html_page import html_fragment
from agnews_sk.tuning._descriptions import describe, without_hash
from agnews_sk.tuning._evaluation import COSTS

_MEAN = "mean_test_"
_N_TRIALS = 10
_STYLE = """\
.agnews-search p.answer{font-size:1.15em}
.agnews-search div.wide{overflow-x:auto}
.agnews-search table{border-collapse:collapse;font-size:13px;margin:.6em 0;color:inherit;
font-variant-numeric:tabular-nums}
.agnews-search td,.agnews-search th{border:0;border-bottom:1px solid var(--line);
padding:.35em .7em;text-align:right;white-space:nowrap;background:none;font-weight:400}
.agnews-search thead th{color:var(--soft);font-weight:500}
.agnews-search tr.best th{color:rgb(var(--blue))}
.agnews-search small{color:var(--soft)}
"""


def search_html(search: Any) -> str:
    """Return scikit-learn's diagram of a search and, once there are trials, the best of them.

    Parameters
    ----------
    search : PipelineSearchCV

    Returns
    -------
    str
    """
    diagram = estimator_html_repr(search)
    results = getattr(search, "cv_results_", None)
    if results is None:
        return diagram
    best = getattr(search, "best_index_", None)
    answer = "" if best is None else f'<p class="answer">{escape(_answer(search))}</p>'
    table = f'<div class="wide">{_table(results, best)}</div>'
    note = f"<p><small>{escape(_note(results))}</small></p>"
    return diagram + html_fragment("agnews-search", answer + table + note, style=_STYLE)


def _objectives(results: dict[str, Any]) -> list[str]:
    """Return the names of the scores and costs."""
    return [key.removeprefix(_MEAN) for key in results if key.startswith(_MEAN)]


def _answer(search: Any) -> str:
    """Return the best trial and its parameters as a sentence."""
    results, row = search.cv_results_, search.best_index_
    scores = [f"{name} {_with_spread(results, name, row)}" for name in _objectives(results)]
    params = [f"{name}={_short(value)}" for name, value in search.best_params_.items()]
    chosen = f" with {listed(params)}" if params else ""
    folds = f"{search.n_splits_} fold{'s' if search.n_splits_ > 1 else ''}"
    return f"Trial {results['number'][row]} is best: {listed(scores)} over {folds}{chosen}."


def _with_spread(results: dict[str, Any], name: str, row: int) -> str:
    """Return the mean of a score and its standard deviation over folds."""
    mean, spread = (results[f"{statistic}_test_{name}"][row] for statistic in ("mean", "std"))
    decimals = 4 if abs(mean) < 10 else 1
    shown = number(mean, decimals)
    return shown if np.isnan(mean) else f"{shown} ± {number(spread, decimals)}"


def _short(value: Any) -> str:
    """Return a parameter in one line, floats with four significant digits."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    return without_hash(describe(value))


def _table(results: dict[str, Any], best: int | None) -> str:
    """Return the best trial, then the others by the first objective."""
    objectives = _objectives(results)
    order = np.argsort(results[f"rank_test_{objectives[0]}"], kind="stable").tolist()
    if best is not None:
        order = [best, *(row for row in order if row != best)]
    params = sorted({name for drawn in results["params"] for name in drawn})
    scores = [f"{name} ↓" if name in COSTS else name for name in objectives]
    head = "".join(
        f'<th scope="col">{escape(name)}</th>' for name in ["trial", *scores, "fit, s", *params]
    )
    lines = "".join(_line(results, row, row == best, params) for row in order[:_N_TRIALS])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _line(results: dict[str, Any], row: int, is_best: bool, params: list[str]) -> str:
    """Return a trial as a row of the table."""
    drawn = results["params"][row]
    cells = [
        *(_with_spread(results, name, row) for name in _objectives(results)),
        number(results["mean_fit_time"][row], 2),
        *(_short(drawn[name]) if name in drawn else "" for name in params),
    ]
    kind = ' class="best"' if is_best else ""
    line = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr{kind}><th scope="row">{results["number"][row]}</th>{line}</tr>'


def _note(results: dict[str, Any]) -> str:
    """Return how many trials there are, by how they ended."""
    states, counts = np.unique(results["state"].astype(str), return_counts=True)
    ended = listed([f"{count:,} {state}" for state, count in zip(states, counts)])
    total = len(results["state"])
    hidden = f"; the {_N_TRIALS} best are shown, all are in cv_results_" * (total > _N_TRIALS)
    return f"{total:,} trial{'s' if total > 1 else ''}: {ended}{hidden}. Scores are means of folds."
