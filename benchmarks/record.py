"""Keep what benchmarks measured, so that one table can show it all.

A script calls `record` for each of its claims. Under `run_all.py` the values end in a file; without
it nothing is kept, and a script prints as it does anyway.
"""

import json
import os
from collections.abc import Iterable

RECORD_VARIABLE = "AGNEWS_SK_BENCH_RECORD"


def record(claim: str, values: Iterable[float] | float, *, bar: str = "") -> None:
    """Append the values of a claim, one a repeat, to the file that `RECORD_VARIABLE` names.

    Parameters
    ----------
    claim : str
        What was measured against what, with its unit: "fine-tuning, times as fast as the Trainer".
    values : iterable of float, or float
    bar : str, optional
        What is promised: ">= 2.5".
    """
    path = os.environ.get(RECORD_VARIABLE)
    if path is None:
        return
    values = [float(v) for v in (values if isinstance(values, Iterable) else [values])]
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"claim": claim, "values": values, "bar": bar}) + "\n")
