"""Small labelled files in the shapes that people have, with what reading them should give."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from typing import NamedTuple

import polars as pl
import pyarrow as pa

ROWS = [
    ("The bed was too soft, and the lamp flickered all night.", "room"),
    ("Cold soup; the waiter brought it twice.", "food"),
    ("Nobody was at the desk.\nWe waited for an hour!", "staff"),
    ('A note on the door said "back soon", it was not true.', "staff"),
    ("Fresh bread every morning", "food"),
    ("Das Zimmer war schön und größer – très élégant, bitte so lassen", "room"),
    ("None", "food"),
    ("NA", "room"),
    ("Breakfast ended at eight, which is early for a holiday", "food"),
    ("The tap dripped | the heating hummed", "room"),
]
TEXTS = [text for text, _ in ROWS]
LABELS = [label for _, label in ROWS]
FLAT = [(text.replace("\n", " "), label) for text, label in ROWS]  # no line breaks
NUMBERS = {"room": 1, "food": 2, "staff": 3}


class Shape(NamedTuple):
    """A file and what reading it gives: columns and labels, or the message of a refusal.

    Attributes
    ----------
    name : str
    content : bytes
    text : list of str
        Columns of the text; empty where the file is refused.
    label : str
    texts : list of str
        Of the last text column.
    labels : list
    refusal : str or None
        Pattern of the message.
    options : dict
        What the caller has to say.
    """

    name: str
    content: bytes
    text: list = ["text"]
    label: str = "label"
    texts: list = TEXTS
    labels: list = LABELS
    refusal: str | None = None
    options: dict = {}


def table(header, rows, **dialect):
    """Return rows as the csv module writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, **{"lineterminator": "\n", **dialect})
    writer.writerows(([header] if header else []) + [list(row) for row in rows])
    return out.getvalue()


PLAIN = table(["text", "label"], ROWS)
FLAT_TEXTS = [text for text, _ in FLAT]


def zipped(**files):
    """Return a zip archive of files by name, "__" for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def arrow_stream(**columns):
    """Return columns as a stream of Arrow record batches."""
    found = pa.table(columns)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, found.schema) as writer:
        writer.write_table(found)
    return out.getvalue()


def parquet(frame):
    """Return a frame as Parquet."""
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def json_lines(*objects):
    """Return objects as JSON Lines."""
    return "".join(json.dumps(one) + "\n" for one in objects).encode()


OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
FRAME = pl.DataFrame({"text": TEXTS, "label": LABELS})


def _columns():
    """Yield CSV files whose columns have other names and places."""
    yield Shape("plain.csv", PLAIN.encode())
    flipped = [row[::-1] for row in ROWS]
    yield Shape("label_first.csv", table(["label", "text"], flipped).encode())
    named = table(["guest_comment", "topic"], ROWS).encode()
    yield Shape("own_names.csv", named, ["guest_comment"], "topic")
    unknown = table(["was_schrieb", "art"], ROWS).encode()
    yield Shape("unknown_names.csv", unknown, ["was_schrieb"], "art")
    numbered = [(i, label, text) for i, (text, label) in enumerate(ROWS)]
    yield Shape("index_without_name.csv", table(["", "label", "text"], numbered).encode())
    more = [(90 + i, f"2026-02-{i + 1:02}", t, i % 5, lab) for i, (t, lab) in enumerate(ROWS)]
    names = ["id", "created", "text", "stars", "label"]
    yield Shape("id_date_and_stars.csv", table(names, more).encode())
    two = [(text[:8], text, label) for text, label in ROWS]
    yield Shape(
        "two_texts.csv", table(["subject", "body", "label"], two).encode(), ["subject", "body"]
    )
    closed = [(*row, "") for row in ROWS]
    yield Shape("separator_at_the_end.csv", table(["text", "label", ""], closed).encode())
    yield Shape("separator_after_rows.csv", table(["text", "label"], closed).encode())
    twice = [(text, text[::-1], label) for text, label in ROWS]
    yield Shape(
        "name_twice.csv",
        table(["text", "text", "label"], twice).encode(),
        refusal=r"a column more than once, \['text', 'text'\]",
    )
    several = [(text, label, label[::-1]) for text, label in ROWS]
    yield Shape(
        "two_labels.csv",
        table(["text", "topic", "genre"], several).encode(),
        refusal=r"several may be meant, 'topic', 'genre'; pass label= \(--label\)",
    )
    yield Shape(
        "two_labels_named.csv",
        table(["text", "topic", "genre"], several).encode(),
        label="topic",
        options={"label": "topic"},
    )
    yield Shape(
        "no_label.csv",
        table(["id", "text"], [(i, text) for i, text in enumerate(TEXTS)]).encode(),
        refusal=r"none is certain to hold the labels; .* The columns: 'id' \(numbers\), 'text'",
    )
    yield Shape(
        "label_all_different.csv",
        table(["text", "label"], [(text, f"x{i}") for i, text in enumerate(TEXTS)]).encode(),
        refusal="'label' has 10 different values in 10 rows",
    )
    wide = table(
        [*(f"f{i}" for i in range(3_000)), "text", "label"],
        [([0] * 3_000) + [*row] for row in ROWS],
    )
    yield Shape("thousands_of_columns.csv", wide.encode())


def _separators():
    """Yield text files with other separators and quoting."""
    yield Shape("semicolon.csv", table(["text", "label"], ROWS, delimiter=";").encode())
    prices = [(text, f"{i},5", label) for i, (text, label) in enumerate(ROWS)]
    decimal = table(["text", "price", "label"], prices, delimiter=";")
    yield Shape("decimal_commas.csv", decimal.encode())
    yield Shape("mark_and_semicolon.csv", decimal.encode("utf-8-sig"))
    yield Shape(
        "stated_separator.csv",
        ("sep=;\r\n" + decimal.replace("\n", "\r\n")).encode(),
        texts=[text.replace("\n", "\r\n") for text in TEXTS],
    )
    yield Shape("pipes.txt", table(["text", "label"], ROWS, delimiter="|").encode())
    yield Shape("tabs.tsv", table(["text", "label"], ROWS, delimiter="\t").encode())
    escaped = table(
        ["text", "label"], FLAT, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\"
    )
    yield Shape("escaped_tabs.tsv", escaped.encode(), texts=FLAT_TEXTS)
    quotes = [(f'"{text[:3]}" {text[3:]}', label) for text, label in FLAT]
    raw = "".join("\t".join(row) + "\n" for row in [("text", "label"), *quotes])
    yield Shape("quotes_in_tabs.tsv", raw.encode(), texts=[text for text, _ in quotes])
    yield Shape("tabs.csv", table(["text", "label"], ROWS, delimiter="\t").encode())
    carets = table(["text", "label"], ROWS, delimiter="^").encode()
    yield Shape("carets.csv", carets, options={"sep": "^"})
    spaced = "text, label\n" + "".join(f'"{text}", {label}\n' for text, label in FLAT[:3])
    yield Shape("spaces.csv", spaced.encode(), ["text"], "label", FLAT_TEXTS[:3], LABELS[:3])
    backslashes = "text,label\n" + "".join(
        '"{}",{}\n'.format(text.replace('"', '\\"'), label) for text, label in ROWS
    )
    yield Shape("backslashes.csv", backslashes.encode())
    yield Shape("comments.csv", f"# exported; by hand\n#\n{PLAIN}".encode())
    yield Shape("blank_lines.csv", f"  \n\n{PLAIN}\n\n".encode())


def _text_files():
    """Yield text files in other encodings and with other line ends."""
    yield Shape(
        "windows_lines.csv",
        PLAIN.replace("\n", "\r\n").encode(),
        texts=[text.replace("\n", "\r\n") for text in TEXTS],
    )
    flat = table(["text", "label"], FLAT)
    yield Shape("mac_lines.csv", flat.replace("\n", "\r").encode(), texts=FLAT_TEXTS)
    lines = flat.splitlines()
    mixed = "".join(line + end for line, end in zip(lines, ["\r\n", "\n", "\r"] * len(lines)))
    yield Shape("mixed_lines.csv", mixed.encode(), texts=FLAT_TEXTS)
    yield Shape("mark.csv", PLAIN.encode("utf-8-sig"))
    yield Shape("utf16.csv", PLAIN.encode("utf-16"))
    yield Shape("utf16_big.csv", PLAIN.encode("utf-16-be"))
    yield Shape("utf16_little.csv", PLAIN.encode("utf-16-le"))
    yield Shape("utf32.csv", PLAIN.encode("utf-32"))
    yield Shape(
        "cp1252.csv",
        PLAIN.encode("cp1252"),
        refusal=r"line 8: bytes .* pass encoding=.*\(--encoding ",
    )
    yield Shape("cp1252_said.csv", PLAIN.encode("cp1252"), options={"encoding": "cp1252"})
    nul = PLAIN.replace("too soft", "too\x00soft")
    yield Shape(
        "nul.csv", nul.encode(), texts=[t.replace("too soft", "too\x00soft") for t in TEXTS]
    )
    for name, encoding, texts in [
        ("gb18030", "gb18030", ["房间很干净", "早餐太冷了", "前台没有人"]),
        ("shift_jis", "shift_jis", ["部屋はとてもきれい", "朝食が冷たかった", "受付に誰もいない"]),
        ("cp1251", "cp1251", ["В номере было чисто", "Завтрак был холодным", "Никого не было"]),
        ("latin1", "latin-1", ["Das Zimmer war schön", "Das Frühstück war kalt", "Très déçu"]),
    ]:
        content = table(["text", "label"], zip(texts, ["room", "food", "staff"])).encode(encoding)
        yield Shape(
            f"{name}.csv",
            content,
            texts=texts,
            labels=["room", "food", "staff"],
            options={"encoding": encoding},
        )
        yield Shape(f"{name}_not_said.csv", content, refusal="line 2: bytes .* pass encoding=")


def _compressed():
    """Yield compressed files."""
    yield Shape("gzipped.csv.gz", gzip.compress(PLAIN.encode(), mtime=0))
    yield Shape("zipped.csv.zip", zipped(plain__csv=PLAIN))
    yield Shape("zipped.zip", zipped(plain__jsonl=json_lines(*OBJECTS)))
    yield Shape("bzipped.csv.bz2", bz2.compress(PLAIN.encode()))
    yield Shape("xz.jsonl.xz", lzma.compress(json_lines(*OBJECTS)))
    zstd = pa.Codec("zstd").compress(PLAIN.encode(), asbytes=True)
    yield Shape("zstd.csv.zst", zstd)
    yield Shape("gzipped.parquet.gz", gzip.compress(parquet(FRAME), mtime=0))
    yield Shape(
        "two_files.zip",
        zipped(a__csv=PLAIN, b__csv=PLAIN),
        refusal=r"must hold one file, got 2: a\.csv, b\.csv",
    )
    yield Shape(
        "cut.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)[:-20], refusal="cannot be decompressed"
    )


def _labels():
    """Yield files with labels of other kinds."""
    numbers = [(text, NUMBERS[label]) for text, label in ROWS]
    yield Shape(
        "numbers.csv",
        table(["text", "label"], numbers).encode(),
        labels=[NUMBERS[label] for label in LABELS],
    )
    binary = [int(label == "food") for label in LABELS]
    yield Shape(
        "zero_one.csv", table(["text", "label"], zip(TEXTS, binary)).encode(), labels=binary
    )
    floats = table(["text", "label"], zip(TEXTS, map(float, binary)))
    yield Shape("floats.csv", floats.encode(), labels=binary)
    words = [f"about the {label}" for label in LABELS]
    yield Shape(
        "spaces_in_labels.csv", table(["text", "label"], zip(TEXTS, words)).encode(), labels=words
    )
    gap = [(text, "" if i == 3 else label) for i, (text, label) in enumerate(ROWS)]
    yield Shape(
        "label_missing.csv",
        table(["text", "label"], gap).encode(),
        refusal=r'line 6: label is missing, got \'\'\. Pass on_bad_rows="skip" \(--on-bad',
    )
    lists = [[label, "all"] for label in LABELS]
    yield Shape(
        "lists.jsonl",
        json_lines(*({"text": t, "tags": one} for t, one in zip(TEXTS, lists))),
        label="tags",
        labels=lists,
    )
    yield Shape(
        "lists.parquet",
        parquet(pl.DataFrame({"text": TEXTS, "tags": lists})),
        label="tags",
        labels=lists,
    )
    joined = table(["text", "tags"], [(t, ", ".join(one)) for t, one in zip(TEXTS, lists)])
    yield Shape(
        "several_labels.csv",
        joined.encode(),
        label="tags",
        labels=lists,
        options={"label": "tags", "label_sep": ","},
    )

    listed = [(text, repr(one)) for text, one in zip(TEXTS, lists)]
    yield Shape(
        "lists_in_cells.csv", table(["text", "tags"], listed).encode(), label="tags", labels=lists
    )
    written = [{"text": text, "tags": json.dumps(one)} for text, one in zip(TEXTS, lists)]
    yield Shape("lists_in_texts.jsonl", json_lines(*written), label="tags", labels=lists)
    flags = [(t, int(lab == "food"), int(lab == "room")) for t, lab in ROWS]
    yield Shape(
        "flags.csv",
        table(["text", "food", "room"], flags).encode(),
        refusal="if 'food', 'room' have a 1 for each label of a row, name all of them; pass lab",
    )
    yield Shape(
        "flags_named.csv",
        table(["text", "food", "room"], flags).encode(),
        label="food, room",
        labels=[[lab] if lab != "staff" else [] for lab in LABELS],
        options={"label": ["food", "room"]},
    )


def _headers():
    """Yield files without a header, or with nothing below it."""
    headless = table(None, ROWS).encode()
    yield Shape(
        "no_header.csv",
        headless,
        refusal=r"the first line reads as a row, .* pass header=True .* header=False",
    )
    yield Shape("no_header_said.csv", headless, ["column_1"], "column_2", options={"header": False})
    short = table(None, [("good room", "room"), ("bad soup", "food")]).encode()
    yield Shape("not_certain.csv", short, refusal="it is not certain whether the first line names")
    numbered = [(NUMBERS[label], text) for text, label in ROWS]
    yield Shape(
        "layout_of_agnews.csv",
        table(None, numbered).encode(),
        label="class",
        labels=[NUMBERS[label] for label in LABELS],
    )
    yield Shape("empty.csv", b"", refusal=r"empty\.csv: it is empty")
    yield Shape(
        "header_only.csv", b"text,label\n", refusal="only the names of columns: 'text', 'la"
    )
    yield Shape(
        "other_widths.csv",
        b"text,label\n" + b"a,b,c\n" * 3,
        refusal="line 2: expected 2 fields, got 3",
    )


def _others():
    """Yield files of other formats, and files that are something else."""
    yield Shape("lines.jsonl", json_lines(*OBJECTS))
    yield Shape("lines.json", json_lines(*OBJECTS))
    yield Shape("array.json", json.dumps(OBJECTS).encode())
    yield Shape("indented.json", json.dumps(OBJECTS, indent=2).encode("utf-16"))
    nested = [{"data": {"text": t}, "annotations": [{"label": lab}]} for t, lab in ROWS]
    yield Shape(
        "nested.jsonl",
        json_lines(*nested),
        refusal=r"'data\.text' \(text\), 'annotations' \(lists of objects with 'label'\)",
    )
    inner = [{"data": {"text": text}, "meta": {"label": label}} for text, label in ROWS]
    yield Shape("inner.jsonl", json_lines(*inner), ["data.text"], "meta.label")
    yield Shape("plain.parquet", parquet(FRAME))
    category = pl.col("label").cast(pl.Categorical)
    yield Shape("categories.parquet", parquet(FRAME.with_columns(category)))
    both = pl.all().cast(pl.Categorical)
    yield Shape("text_of_categories.parquet", parquet(FRAME.with_columns(both)))
    struct = FRAME.select(pl.struct("text").alias("data"), "label")
    yield Shape("struct.parquet", parquet(struct), ["data.text"])
    yield Shape("stream.arrow", arrow_stream(text=TEXTS, label=LABELS))
    yield Shape(
        "pointer.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:9\nsize 1\n",
        refusal="is a Git LFS pointer and not the file itself",
    )
    yield Shape(
        "pointer.parquet",
        b"version https://git-lfs.github.com/spec/v1\nsize 1\n",
        refusal="is a Git LFS pointer and not the file itself",
    )
    yield Shape(
        "page.csv",
        b"\n<!DOCTYPE html><html><body>No such page</body></html>\n",
        refusal="is a web page",
    )
    yield Shape("sheet.csv", b"PK\x03\x04rest", refusal="an Excel workbook; let its name end")
    yield Shape("notes.doc", PLAIN.encode(), refusal="must end with one of")


SHAPES = [
    shape
    for shapes in (_columns, _separators, _text_files, _compressed, _labels, _headers, _others)
    for shape in shapes()
]
