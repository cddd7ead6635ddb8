"""Coverage-guided search for a CSV file that the loaders do not handle: `make fuzz`."""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agnews_sk", "csv"]):
    from agnews_sk.datasets import _table, load_agnews, load_texts
    from agnews_sk.datasets._columns import AgNewsColumns
    from agnews_sk.files._options import ReadOptions

FORMAT = AgNewsColumns(), ReadOptions(detects=False)
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-csv-"))
SEEDS = [
    b'"3","Oil ""soars""","Crude is up.\\\\Again."\n"1","Truce","Talks\ngo on."\n',
    b"\xef\xbb\xbfclass,title,description\r\n1,,Talks\r\n",
    b'2,Cup,"won\n3,Oil,up\n',
    b'sep=;\ntext;topic\n"a;b";x\nc d e;y\n',
    "text\tlabel\na b\tx\n".encode("utf-16"),
]


def read(data: bytes) -> None:
    """Read rows, or reject the file by name; the fast reader agrees with the row-by-row one."""
    path = FOLDER / "news.csv"
    path.write_bytes(data)
    try:
        bunch = load_agnews(path, on_bad_rows="skip")
        assert len(bunch.data) == len(bunch.target) > 0
        fast, patient = _table.read_table(path, *FORMAT), _table.read_row_by_row(path, *FORMAT)
        assert fast.rows.equals(patient.rows)
        assert fast.labels.equals(patient.labels)
        assert fast.faults == patient.faults
    except ValueError as error:
        if path.name not in str(error):
            raise
    try:
        bunch = load_texts(path, on_bad_rows="skip")
        assert len(bunch.data) == len(bunch.target) > 0
    except ValueError as error:
        if path.name not in str(error):
            raise


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    for i, seed in enumerate(SEEDS):
        (seeds / str(i)).write_bytes(seed)
    atheris.Setup([*sys.argv, str(seeds)], read)
    atheris.Fuzz()
