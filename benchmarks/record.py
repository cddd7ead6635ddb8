"""Record the results of benchmarks, so that one table can show them all.

A script calls `record` for each result. `run_all.py` collects the values in a file; without it,
nothing is recorded, and a script only prints.
"""

import json
import os
from collections.abc import Iterable

RECORD_VARIABLE = "AGNEWS_SK_BENCH_RECORD"


def record(claim: str, values: Iterable[float] | float, *, bar: str = "") -> None:
    """Append the values of a result, one per repeat, to the file that `RECORD_VARIABLE` names.

    Parameters
    ----------
    claim : str
        What was measured against what, with its unit: "fine-tuning, times as fast as the Trainer".
    values : iterable of float, or float
    bar : str, optional
        The target: ">= 2.5".
    """
    path = os.environ.get(RECORD_VARIABLE)
    if path is None:
        return
    values = [float(v) for v in (values if isinstance(values, Iterable) else [values])]
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"claim": claim, "values": values, "bar": bar}) + "\n")
