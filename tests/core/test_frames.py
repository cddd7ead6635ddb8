"""Which columns of a frame are text: of any dtype, and with a warning if some are left out."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.utils._testing import ignore_warnings

from agnews_sk._core.validation import check_texts, text_columns
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.pipeline import make_tfidf_pipeline
from agnews_sk.sampling import DuplicateFilter, EDAAugmenter, LengthFilter, MissingTextFilter
from tests import label_kinds

TITLES = ["Oil rises", "Cup final", None, "Bank profit", "Team wins", "Shares fall"]
NOTES = ["crude up", "they won", "the coach", None, "a cup", "a loss"]
LABELS = ["Business", "Sports", "Sports", "Business", "Sports", "Business"]
NUMBERS = [3, 1, 4, 1, 5, 9]


def pandas(dtype):
    return lambda values: pd.DataFrame({"title": TITLES, "note": pd.Series(values, dtype=dtype)})


def polars(dtype):
    return lambda values: pl.DataFrame({"title": TITLES, "note": pl.Series(values, dtype=dtype)})


def arrow(kind):
    return lambda values: pa.table({"title": TITLES, "note": pa.array(values, type=kind)})


def masked(values):
    array = np.ma.array([v or "" for v in values], mask=[v is None for v in values])
    return pd.DataFrame({"title": TITLES, "note": array.astype(object).filled(np.nan)})


TEXT = {
    "pandas str": pandas("str"),
    "pandas object": pandas(object),
    "pandas object with NaN": lambda v: pandas(object)([x if x else np.nan for x in v]),
    "pandas object with NA": lambda v: pandas(object)([x if x else pd.NA for x in v]),
    "pandas object of str_": lambda v: pandas(object)([np.str_(x) if x else None for x in v]),
    "pandas string": pandas("string"),
    "pandas string[python]": pandas("string[python]"),
    "pandas string[pyarrow]": pandas("string[pyarrow]"),
    "pandas Arrow string": pandas(pd.ArrowDtype(pa.string())),
    "pandas Arrow large_string": pandas(pd.ArrowDtype(pa.large_string())),
    "pandas Arrow dictionary": pandas(pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))),
    "pandas category": pandas("category"),
    "pandas ordered category": pandas(pd.CategoricalDtype([n for n in NOTES if n], ordered=True)),
    "pandas category of string": lambda v: pandas("string")(v).astype({"note": "category"}),
    "pandas category of Arrow": lambda v: pandas("string[pyarrow]")(v).astype({"note": "category"}),
    "masked array": masked,
    "polars String": polars(pl.String),
    "polars Categorical": polars(pl.Categorical),
    "polars Enum": polars(pl.Enum([note for note in NOTES if note])),
    "polars Object": polars(pl.Object),
    "Arrow string": arrow(pa.string()),
    "Arrow large_string": arrow(pa.large_string()),
    "Arrow string_view": arrow(pa.string_view()),
    "Arrow dictionary": arrow(pa.dictionary(pa.int8(), pa.string())),
    "Arrow chunks": lambda v: pa.table({"title": TITLES, "note": pa.chunked_array([v[:2], v[2:]])}),
    "Arrow record batch": lambda v: pa.RecordBatch.from_pydict({"title": TITLES, "note": v}),
}  # fmt: skip
KINDS = ["list", "pandas", "polars", "array of object"]
OBJECTS = label_kinds.objects
# Values of a column that is not text, by how they are stored.
OTHER = {
    "pandas int": pandas("int64"),
    "pandas Int64": pandas("Int64"),
    "pandas float": pandas("float64"),
    "pandas Float32": pandas("Float32"),
    "pandas uint8": pandas("uint8"),
    "pandas bool": lambda v: pandas("bool")([x > 2 for x in v]),
    "pandas boolean": lambda v: pandas("boolean")([x > 2 for x in v]),
    "pandas datetime": lambda v: pandas("datetime64[ns]")([pd.Timestamp(2024, 1, x) for x in v]),
    "pandas timedelta": lambda v: pandas("timedelta64[ns]")([pd.Timedelta(x) for x in v]),
    "pandas period": lambda v: pandas("period[D]")([pd.Period(f"2024-01-0{x}") for x in v]),
    "pandas complex": pandas("complex128"),
    "pandas Arrow int": pandas("int64[pyarrow]"),
    "pandas Arrow bool": lambda v: pandas("bool[pyarrow]")([x > 2 for x in v]),
    "pandas Arrow date": lambda v: pandas(pd.ArrowDtype(pa.date32()))(v),
    "pandas Arrow decimal": lambda v: pandas(pd.ArrowDtype(pa.decimal128(5)))(v),
    "pandas Arrow list": lambda v: pandas(pd.ArrowDtype(pa.list_(pa.string())))([["a"]] * len(v)),
    "pandas category of int": pandas("category"),
    "pandas category of bool": lambda v: pandas("category")([x > 2 for x in v]),
    "pandas interval": lambda v: pd.DataFrame({"title": TITLES, "note": pd.cut(v, 3)}),
    "pandas sparse": lambda v: pandas(pd.SparseDtype(int))(v),
    "pandas object of int": pandas(object),
    "pandas object of bool": lambda v: pandas(object)([x > 2 for x in v]),
    "pandas object of lists": lambda v: pandas(object)([["a", "b"]] * len(v)),
    "pandas object of dicts": lambda v: pandas(object)([{"a": "b"}] * len(v)),
    "pandas object of arrays": lambda v: pandas(object)([np.array(["a"])] * len(v)),
    "pandas object of dates": lambda v: pandas(object)([pd.Timestamp(x) for x in v]),
    "polars Int64": polars(pl.Int64),
    "polars Float32": polars(pl.Float32),
    "polars Boolean": lambda v: polars(pl.Boolean)([x > 2 for x in v]),
    "polars Date": lambda v: polars(pl.Int32)(v).with_columns(pl.col("note").cast(pl.Date)),
    "polars List": lambda v: polars(pl.List(pl.String))([["a"]] * len(v)),
    "polars Struct": lambda v: polars(pl.Struct({"a": pl.String}))([{"a": "b"}] * len(v)),
    "polars Object of int": polars(pl.Object),
    "Arrow int": arrow(pa.int64()),
    "Arrow bool": lambda v: arrow(pa.bool_())([x > 2 for x in v]),
    "Arrow list": lambda v: arrow(pa.list_(pa.string()))([["a"]] * len(v)),
    "Arrow timestamp": arrow(pa.timestamp("us")),
    "Arrow decimal": arrow(pa.decimal128(5)),
}
REJECTED = {
    "str and int": ["a", 1, None, "b", "c", "d"],
    "str and list": ["a", ["b"], None, "b", "c", "d"],
    "str and float": ["a", 1.5, None, "b", "c", "d"],
    "str and bytes": ["a", b"b", None, "b", "c", "d"],
    "bytes": [b"a"] * 6,
    "str and bool": ["a", True, None, "b", "c", "d"],
}


@pytest.mark.parametrize("to_frame", TEXT.values(), ids=TEXT)
def test_text_of_any_dtype_is_joined(to_frame):
    frame = to_frame(NOTES)
    with warnings.catch_warnings(action="error"):
        joined = ColumnJoiner(separator="|").fit_transform(frame)
    assert joined.tolist() == [
        "Oil rises|crude up",
        "Cup final|they won",
        "the coach",
        "Bank profit",
        "Team wins|a cup",
        "Shares fall|a loss",
    ]


@pytest.mark.parametrize("to_frame", TEXT.values(), ids=TEXT)
def test_pipelines_and_samplers_read_text_of_any_dtype(to_frame):
    frame, plain = to_frame(NOTES), TEXT["pandas str"](NOTES)
    expected = make_tfidf_pipeline().fit(plain, LABELS).predict_proba(plain)
    np.testing.assert_array_equal(
        make_tfidf_pipeline().fit(frame, LABELS).predict_proba(frame), expected
    )
    for sampler in (
        MissingTextFilter(how="any"),
        DuplicateFilter(),
        LengthFilter(),
        EDAAugmenter(random_state=0),
    ):
        X, y = sampler.fit_resample(frame, LABELS)
        of_plain, _ = sampler.fit_resample(plain, LABELS)
        columns, expected = text_columns(X, None), text_columns(of_plain, None)
        assert {k: v.to_list() for k, v in columns.items()} == {
            k: v.to_list() for k, v in expected.items()
        }
        assert len(y) == len(X)


@pytest.mark.parametrize("to_frame", OTHER.values(), ids=OTHER)
def test_a_column_that_is_not_text_is_left_out_and_named(to_frame):
    with pytest.warns(UserWarning, match=r"columns \['note'\] hold no texts and are left out"):
        joiner = ColumnJoiner().fit(to_frame(NUMBERS))
    assert joiner.columns_ == ["title"]
    assert joiner.transform(to_frame(NUMBERS))[0] == "Oil rises"


@pytest.mark.parametrize("to_frame", OTHER.values(), ids=OTHER)
def test_a_column_that_is_not_text_is_ignored_if_others_are_named(to_frame):
    frame = to_frame(NUMBERS)
    pipeline = make_tfidf_pipeline(join__columns=["title"], augment=EDAAugmenter(random_state=0))
    with warnings.catch_warnings(action="error"):
        pipeline.fit(frame, LABELS)
    assert len(pipeline.predict(frame)) == 6


@pytest.mark.parametrize("values", REJECTED.values(), ids=REJECTED)
def test_a_column_of_texts_and_other_objects_is_rejected_by_position(values):
    frame = pandas(object)(values)
    with pytest.raises(TypeError, match=r"X\['note'\] must hold texts, got .* at position"):
        make_tfidf_pipeline().fit(frame, LABELS)
    make_tfidf_pipeline(join__columns=["title"]).fit(frame, LABELS).predict(frame)


def test_the_filter_reads_only_the_joined_columns():
    frame = pd.DataFrame({"title": TITLES, "note": NOTES})
    pipeline = make_tfidf_pipeline(join__columns=["title"]).fit(frame, LABELS)
    assert pipeline["filter"].sample_indices_.tolist() == [0, 1, 3, 4, 5]


def test_columns_that_other_steps_name_stay():
    frame = pd.DataFrame({"title": TITLES, "note": NOTES, "views": NUMBERS})
    pipeline = make_tfidf_pipeline(
        join__columns=["title"], filter=MissingTextFilter(columns=["note"])
    ).fit(frame, LABELS)
    assert pipeline["filter"].sample_indices_.tolist() == [0, 1, 2, 4, 5]
    assert pipeline["join"].columns_ == ["title"]


@pytest.mark.parametrize("to_frame", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pd", "pl", "pa"])
@pytest.mark.parametrize(
    "label",
    [LABELS, [label.upper() for label in LABELS], [None, *LABELS[1:]]],
    ids=["same", "case", "missing"],
)
def test_a_label_column_in_the_frame_is_rejected_unless_it_is_named(to_frame, label):
    frame = to_frame({"title": TITLES, "topic": label})
    for augment in ("passthrough", EDAAugmenter(random_state=0)):
        with pytest.raises(ValueError, match=r"X\['topic'\] holds the labels: it equals y"):
            make_tfidf_pipeline(augment=augment).fit(frame, LABELS)
    with pytest.raises(ValueError, match=r"X\['topic'\] holds the labels"):
        ColumnJoiner().fit(frame, LABELS)
    insisted = make_tfidf_pipeline(join__columns=["title", "topic"]).fit(frame, LABELS)
    assert insisted["join"].columns_ == ["title", "topic"]


def test_numeric_labels_written_as_text_are_rejected_too():
    frame = pd.DataFrame({"title": TITLES, "topic": list("101101")})
    with pytest.raises(ValueError, match=r"X\['topic'\] holds the labels"):
        make_tfidf_pipeline().fit(frame, [1, 0, 1, 1, 0, 1])


@pytest.mark.parametrize("columns", [["title", "note"], ["note"]], ids=str)
def test_one_row_as_a_series_is_rejected(columns):
    frame = pd.DataFrame({"title": TITLES, "note": NOTES})[columns]
    pipeline = make_tfidf_pipeline().fit(frame, LABELS)
    for method in (pipeline.predict, pipeline.predict_proba):
        with pytest.raises(TypeError, match=r"got one row of the frame as a Series; pass X\.iloc"):
            method(frame.iloc[0])
    assert len(pipeline.predict(frame.iloc[[0]])) == 1


@pytest.mark.parametrize("value", [b"a", 1, 1.5, True, ["a"]], ids=str)
@pytest.mark.parametrize("to_kind", [list, pd.Series, pl.Series, OBJECTS], ids=KINDS)
def test_values_that_are_not_texts_are_rejected_in_any_container(to_kind, value):
    with pytest.raises(TypeError, match="must hold texts, got"):
        check_texts(to_kind([value, value]))


def test_lazy_frames_are_rejected_with_advice():
    with pytest.raises(TypeError, match=r"got a Polars LazyFrame; call collect\(\) first"):
        make_tfidf_pipeline().fit(pl.LazyFrame({"title": TITLES}), LABELS)


def test_two_columns_whose_names_look_the_same_are_rejected():
    with pytest.raises(ValueError, match="more than one column 1"):
        text_columns(pd.DataFrame([["a", "b"]], columns=[1, "1"]), None)


@pytest.mark.parametrize(
    "texts",
    [
        np.array(["a", None], dtype=np.dtypes.StringDType(na_object=None)),
        np.ma.array(["a", "b"], mask=[False, True]),
        pa.array(["a", None]),
        pa.chunked_array([["a"], [None]]),
        pa.table({"text": ["a", None]}),
        pd.Series(["a", None], dtype="category"),
        pl.Series(["a", None], dtype=pl.Enum(["a"])),
    ],
    ids=["StringDType", "masked", "Arrow", "chunks", "table", "category", "Enum"],
)
def test_texts_of_any_kind_are_texts(texts):
    assert check_texts(texts).to_list() == ["a", None]


@ignore_warnings(category=UserWarning)
def test_a_warning_for_columns_names_all_of_them():
    frame = pd.DataFrame({"title": TITLES, "a": NUMBERS, "b": NUMBERS})
    with pytest.warns(UserWarning, match=r"\['a', 'b'\] hold no texts .* \['title'\] are joined"):
        make_tfidf_pipeline().fit(frame, LABELS)
