"""The same labels in every container and dtype that is accepted."""

import enum
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

TEXTS = ["Business", "Sports"]


class Topic(enum.StrEnum):
    BUSINESS = "Business"
    SPORTS = "Sports"


class Code(enum.IntEnum):
    BUSINESS = 3
    SPORTS = 7


def objects(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def series(dtype, values):
    return pd.Series(values, dtype=dtype)


def polars(dtype, values):
    return pl.Series(values, dtype=dtype)


ANY = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "array of object": objects,
    "masked array": np.ma.array,
    "pandas": pd.Series,
    "pandas object": partial(series, object),
    "pandas category": partial(series, "category"),
    "pandas Index": pd.Index,
    "pandas Categorical": pd.Categorical,
    "pandas column": lambda y: pd.DataFrame({"y": y})["y"],
    "polars": pl.Series,
    "Arrow": pa.array,
    "Arrow chunks": lambda y: pa.chunked_array([list(y)]),
    "Arrow dictionary": lambda y: pa.array(list(y)).dictionary_encode(),
}
OF_STR = {
    "StringDType": lambda y: np.array(y, dtype=np.dtypes.StringDType()),
    "StringDType with NA": lambda y: np.array(y, dtype=np.dtypes.StringDType(na_object=None)),
    "str_": lambda y: [np.str_(label) for label in y],
    "StrEnum": lambda y: [Topic(label) for label in y],
    "pandas string": partial(series, "string"),
    "pandas string[pyarrow]": partial(series, "string[pyarrow]"),
    "pandas Arrow": partial(series, pd.ArrowDtype(pa.large_string())),
    "pandas Arrow dictionary": partial(
        series, pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    ),
    "polars Categorical": partial(polars, pl.Categorical),
    "polars Enum": partial(polars, pl.Enum(TEXTS)),
}
OF_INT = {
    "int8": partial(np.array, dtype=np.int8),
    "uint64": partial(np.array, dtype=np.uint64),
    "NumPy ints": lambda y: [np.int32(label) for label in y],
    "IntEnum": lambda y: [Code(label) for label in y],
    "pandas Int64": partial(series, "Int64"),
    "pandas UInt8": partial(series, "UInt8"),
    "pandas int64[pyarrow]": partial(series, "int64[pyarrow]"),
    "polars UInt16": partial(polars, pl.UInt16),
}
OF_BOOL = {
    "NumPy bools": lambda y: [np.bool_(label) for label in y],
    "pandas boolean": partial(series, "boolean"),
    "pandas bool[pyarrow]": partial(series, "bool[pyarrow]"),
}
# By the type of plain label: a value for each of two classes, and functions to the containers.
PLAIN = {
    "str": (TEXTS, ANY | OF_STR),
    "int": ([3, 7], ANY | OF_INT),
    "large int": ([2**53 + 1, 2**53 + 2], ANY | {"pandas Int64": OF_INT["pandas Int64"]}),
    "bool": ([False, True], ANY | OF_BOOL),
}
KINDS = [
    (f"{plain}: {name}", values, to_kind)
    for plain, (values, kinds) in PLAIN.items()
    for name, to_kind in kinds.items()
]
MISSING = {
    "None": lambda y: [None, *y[1:]],
    "NaN": lambda y: [float("nan"), *y[1:]],
    "NA": lambda y: [pd.NA, *y[1:]],
    "array of object": lambda y: objects([None, *y[1:]]),
    "StringDType": lambda y: np.array([None, *y[1:]], dtype=np.dtypes.StringDType(na_object=None)),
    "masked array": lambda y: np.ma.array(y, mask=[True] + [False] * (len(y) - 1)),
    "pandas": lambda y: pd.Series([None, *y[1:]]),
    "pandas category": lambda y: pd.Series([None, *y[1:]], dtype="category"),
    "pandas string": lambda y: pd.Series([None, *y[1:]], dtype="string"),
    "polars": lambda y: pl.Series([None, *y[1:]]),
    "Arrow": lambda y: pa.array([None, *y[1:]]),
}
