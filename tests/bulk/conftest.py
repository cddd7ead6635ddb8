import hashlib
import json
import zipfile

import polars as pl
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import save

TEXTS = ["oil prices rise", "oil shares fall", "cup final tonight", "the cup is ours"]
LABELS = [{"Oil", "Cup"}, {"Lio", "Puc"}]  # of the two models
N_ROWS = 60
OTHER_NAMES = {"Oil": "Lio", "Cup": "Puc"}


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Two models that differ in the names of their labels, not in the sizes of their files."""
    folder = tmp_path_factory.mktemp("models")
    first = save(make_tfidf_pipeline().fit(TEXTS, ["Oil", "Oil", "Cup", "Cup"]), folder / "first")
    return [first, renamed(first, folder / "second")]


@pytest.fixture(scope="session")
def oil_or_cup(models):
    return models[0]


def renamed(model, path):
    """Write a model again, with other names of its labels in its arrays and its manifest."""
    path.mkdir()
    with (
        zipfile.ZipFile(model / "pipeline.skops") as old,
        zipfile.ZipFile(path / "pipeline.skops", "w") as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            for name, other in OTHER_NAMES.items():
                content = content.replace(name.encode("utf-32-le"), other.encode("utf-32-le"))
            new.writestr(entry, content)
    (path / "README.md").write_bytes((model / "README.md").read_bytes())
    manifest = (model / "manifest.json").read_text()
    for name, other in OTHER_NAMES.items():
        manifest = manifest.replace(f'"{name}"', f'"{other}"')
    found = json.loads(manifest)
    for name, entry in found["files"].items():
        content = (path / name).read_bytes()
        assert len(content) == entry["size"]
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    (path / "manifest.json").write_text(json.dumps(found, indent=2, ensure_ascii=False))
    return path


def write_texts(path, texts, column="text"):
    pl.DataFrame({column: texts}).write_csv(path)
    return path


@pytest.fixture
def rows(tmp_path):
    return write_texts(tmp_path / "rows.csv", ["oil", "cup"] * (N_ROWS // 2))


def check_output(output):
    """Check that a whole file of one model is there, and nothing else that a run leaves."""
    found = pl.read_csv(output)["predicted"]
    assert (len(found), set(found) in LABELS) == (N_ROWS, True)
    assert sorted(path.name for path in output.parent.iterdir()) == [output.name, "rows.csv"]
