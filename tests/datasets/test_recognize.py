"""Which columns hold the labels and texts, by name and content, and when that is refused."""

import polars as pl
import pytest

from agnews_sk.datasets import load_texts
from agnews_sk.datasets._columns import MissingLabelError
from agnews_sk.datasets._recognize import RecognizedColumns

WORDS = ["soup", "bed", "lamp", "desk"]
N_ROWS = 24
CELLS = {
    "sentence": lambda i: f"The {WORDS[i % 4]} in room {i} was bad",
    "other": lambda i: f"We will tell {i} friends of ours",
    "short": lambda i: f"Complaint {i} again",
    "two": lambda i: ["food", "room"][i % 2],
    "three": lambda i: ["early", "late", "never"][i % 3],
    "one": lambda i: "same",
    "stars": lambda i: str(i % 5),
    "key": lambda i: str(1000 + i),
    "date": lambda i: f"2026-01-{i + 1:02}",
    "unique": lambda i: f"x{i}",
    "share": lambda i: f"0.{i}",
    "tags": lambda i: [["a"], ["a", "b"]][i % 2],
}


def choose(columns, **options):
    """Return what is chosen of columns, given as name to kind of cells."""
    rows = [{name: CELLS[kind](i) for name, kind in columns.items()} for i in range(N_ROWS)]
    return RecognizedColumns(**options).choose(list(columns), rows)


RECOGNIZED = {
    "usual": ({"text": "sentence", "label": "two"}, "label", ["text"]),
    "label first": ({"label": "two", "text": "sentence"}, "label", ["text"]),
    "own names": ({"comment_body": "sentence", "queue": "two"}, "queue", ["comment_body"]),
    "words of names": ({"full_review_text": "sentence", "ai_topic": "two"}, "ai_topic", None),
    "unknown names": ({"was": "sentence", "art": "two"}, "art", ["was"]),
    "key, date and stars": (
        {
            "": "key",
            "id": "key",
            "at": "date",
            "text": "sentence",
            "stars": "stars",
            "label": "two",
        },
        "label",
        ["text"],
    ),
    "unknown names among others": (
        {"nr": "key", "wann": "date", "was": "sentence", "price": "share", "art": "two"},
        "art",
        ["was"],
    ),
    "subject and body": (
        {"body": "sentence", "label": "two", "subject": "short"},
        "label",
        ["subject", "body"],
    ),
    "title alone": ({"title": "short", "label": "two"}, "label", ["title"]),
    "text beside a derived one": (
        {"text": "sentence", "text_clean": "other", "label": "two"},
        "label",
        ["text"],
    ),
    "short texts": ({"text": "unique", "label": "two"}, "label", ["text"]),
    "text beside unknown": (
        {"text": "sentence", "reply": "other", "label": "two"},
        "label",
        ["text"],
    ),
    "label beside other classes": (
        {"text": "sentence", "label": "two", "product": "three"},
        "label",
        ["text"],
    ),
    "a word for labels and a measure": (
        {"text": "sentence", "stars": "stars", "sentiment": "two"},
        "sentiment",
        ["text"],
    ),
    "labels that are numbers": ({"text": "sentence", "target": "stars"}, "target", ["text"]),
    "labels that are one": ({"text": "sentence", "label": "one"}, "label", ["text"]),
    "lists of labels": ({"text": "sentence", "tags": "tags"}, "tags", ["text"]),
    "nested": ({"data.text": "sentence", "meta.label": "two"}, "meta.label", ["data.text"]),
    "constant text left out": (
        {"source_text": "one", "was": "sentence", "art": "two"},
        "art",
        ["was"],
    ),
}


@pytest.mark.parametrize(("columns", "label", "texts"), RECOGNIZED.values(), ids=list(RECOGNIZED))
def test_columns_are_recognized_by_name_and_content(columns, label, texts):
    chosen = choose(columns)
    assert chosen.label == label
    assert list(chosen.texts.values()) == (texts or ["full_review_text"])
    assert list(chosen.texts) == list(chosen.texts.values())


REFUSED = {
    "two labels": (
        {"text": "sentence", "label": "two", "category": "three"},
        r"column for the labels: several .*, 'label', 'category'; pass label= \(--label\)",
    ),
    "two labels of unknown names": (
        {"text": "sentence", "art": "two", "zeit": "three"},
        "several may be meant, 'art', 'zeit'",
    ),
    "a word for labels and another label": (
        {"text": "sentence", "queue": "two", "priority": "three"},
        "several may be meant, 'queue', 'priority'",
    ),
    "a measure and another label": (
        {"text": "sentence", "stars": "stars", "verified": "two"},
        "several may be meant, 'stars', 'verified'",
    ),
    "a measure alone": ({"text": "sentence", "stars": "stars"}, "none is certain"),
    "labels that all differ": (
        {"text": "sentence", "label": "unique"},
        "'label' has 24 different values in 24 rows",
    ),
    "labels that are dates": ({"text": "sentence", "label": "date"}, "'label' h"),
    "no label": ({"text": "sentence", "id": "key"}, r"none is certain .* 'id' \(numbers\)"),
    "one value of an unknown name": ({"text": "sentence", "art": "one"}, "none is certain"),
    "two texts": (
        {"comment": "sentence", "review": "other", "label": "two"},
        r"for the text: several .*, 'comment', 'review'; pass text= \(--text\), or several",
    ),
    "two texts of unknown names": (
        {"was": "sentence", "wie": "other", "label": "two"},
        "several may be meant, 'was', 'wie'",
    ),
    "codes under the name of texts beside a text": (
        {"text": "unique", "was": "sentence", "label": "two"},
        "several may be meant, 'text', 'was'",
    ),
    "two titles": ({"title": "short", "headline": "short", "label": "two"}, "'title', 'headline'"),
    "a title and an unknown text": (
        {"title": "short", "was": "sentence", "label": "two"},
        "several may be meant, 'title', 'was'",
    ),
    "no text": ({"id": "key", "label": "two"}, "for the text: none is certain to hold the text"),
    "text of one value": ({"text": "one", "label": "two"}, "none is certain to hold the text"),
}


@pytest.mark.parametrize(("columns", "message"), REFUSED.values(), ids=list(REFUSED))
def test_columns_that_are_not_certain_are_refused_with_all_columns(columns, message):
    with pytest.raises(ValueError, match=message) as refused:
        choose(columns)
    assert all(repr(name) in str(refused.value) for name in columns)


@pytest.mark.parametrize("columns", [c for c, _ in REFUSED.values()], ids=list(REFUSED))
def test_columns_that_the_caller_names_are_taken(columns):
    text, label = next(iter(columns)), list(columns)[-1]
    assert choose(columns, text=[text], label=label)[:2] == (label, {text: text})


def test_one_name_leaves_the_other_to_be_recognized():
    columns = {"was": "sentence", "art": "two", "zeit": "three"}
    assert choose(columns, label="zeit")[:2] == ("zeit", {"was": "was"})
    with pytest.raises(ValueError, match="several may be meant, 'art', 'zeit'"):
        choose(columns, text=["was"])


def test_names_are_found_in_any_case_unless_several_differ_in_it():
    columns = {"Text": "sentence", "LABEL": "two"}
    assert choose(columns, text=["text"], label="label")[:2] == ("LABEL", {"Text": "Text"})
    both = {"Text": "sentence", "text": "other", "label": "two"}
    assert choose(both, text=["text"]).texts == {"text": "text"}
    with pytest.raises(ValueError, match="several may be meant, 'Text', 'text'"):
        choose(both)
    with pytest.raises(ValueError, match=r"more than once, \['Text', 'text'\]"):
        choose(both, text=["TEXT"])


def test_very_many_columns_are_not_all_listed():
    columns = {f"was{i}": "other" for i in range(100)} | {"label": "two"}
    with pytest.raises(ValueError, match="'was39' and 60 more; pass text") as refused:
        choose(columns)
    assert "and 61 more." in str(refused.value)


def test_other_files_have_the_columns_of_the_first():
    rules = RecognizedColumns()
    chosen = choose({"was": "sentence", "art": "two"})
    others = rules.for_other_files(chosen)
    assert others.choose(["art", "was"], [{"art": "a", "was": "b"}]) == chosen
    assert others.choose(["ART", "was"], [{"ART": "a", "was": "b"}]).label == "ART"
    with pytest.raises(ValueError, match="has no column 'was'"):
        others.choose(["art", "wie"], [])


def test_another_column_is_not_the_label_of_a_file_that_lacks_that_of_the_first():
    rules = RecognizedColumns().for_other_files(choose({"was": "sentence", "art": "two"}))
    rows = [{"was": CELLS["sentence"](i), "label": CELLS["two"](i)} for i in range(N_ROWS)]
    message = r"no column 'art', .* pass label= \(--label\) .* columns are 'was', 'label'"
    with pytest.raises(MissingLabelError, match=message):
        rules.choose(["was", "label"], rows)


ROWS = [["The soup was cold", "food"], ["The bed was soft", "room"]] * 5


@pytest.mark.parametrize(
    ("first", "options", "expected"),
    [
        (["text", "label"], {}, True),
        (["a", "b"], {"header": True}, True),
        (["text", "label"], {"header": False}, False),
        (["x1", "x2"], {"text": ["X1"], "label": "x2"}, True),
        (["0", "label", "text"], {}, True),
    ],
    ids=["usual", "said", "said not", "named", "number first"],
)
def test_a_header_is_known_by_its_names_or_said(first, options, expected):
    assert RecognizedColumns(**options).is_header([first, *ROWS]) is expected


def test_rows_in_the_layout_of_agnews_need_no_header():
    rows = [["3", "Oil rises", "Up again."], ["1", "Truce holds", "For now."]]
    rules = RecognizedColumns()
    assert rules.is_header(rows) is False
    assert rules.names_without_header(rows) == ["class", "title", "description"]
    assert rules.names_without_header([row[:2] for row in rows]) == ["class", "text"]
    assert rules.names_without_header(ROWS) == ["column_1", "column_2"]


@pytest.mark.parametrize("n_labels", [2, 200], ids=["few labels", "many labels"])
def test_a_third_field_that_is_no_text_is_not_in_the_layout_of_agnews(n_labels):
    rows = [[str(i % 4 + 1), f"The soup {i} was cold", f"x{i % n_labels}"] for i in range(24)]
    with pytest.raises(ValueError, match="the first line reads as a row"):
        RecognizedColumns().is_header(rows)
    rules = RecognizedColumns(header=False)
    assert rules.names_without_header(rows) == ["column_1", "column_2", "column_3"]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (["The soup was cold again", "food"], "the first line reads as a row, .*'The soup was"),
        (["soup", "bed"], "it is not certain whether the first line names the columns"),
    ],
    ids=["row", "not certain"],
)
def test_a_first_line_that_is_no_header_for_certain_is_refused_with_the_way_out(first, message):
    with pytest.raises(ValueError, match=f"{message}.*header=True .*header=False.*column_1"):
        RecognizedColumns().is_header([first, ["egg", "lamp"], ["egg", "food"]])


SORTED = {"text": [f"word {i} and {i % 7}" for i in range(2_600)]}
SORTED["kind"] = [f"q{i % 3}" for i in range(2_600)]
SORTED["group"] = ["north"] * 1_300 + ["south"] * 1_300


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_columns_are_recognized_by_rows_of_the_whole_file(tmp_path, suffix):
    path = tmp_path / f"rows.{suffix}"

    def write(**columns):
        frame = pl.DataFrame(columns)
        name = {"csv": "csv", "jsonl": "ndjson", "parquet": "parquet"}[suffix]
        getattr(frame, f"write_{name}")(path)
        return path

    # The first 1,300 rows have one group, so that another column seemed to be the only label.
    with pytest.raises(ValueError, match="several may be meant, 'kind', 'group'"):
        load_texts(write(**SORTED))
    empty = [None] * 1_300 + SORTED["text"][1_300:]
    bunch = load_texts(write(title=empty, text=SORTED["text"], label=SORTED["group"]))
    assert bunch.text_names == ["title", "text"]
    assert bunch.target_names == ["north", "south"]
