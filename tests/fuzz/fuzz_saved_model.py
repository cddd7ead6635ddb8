"""Coverage-guided search for a saved model that `load` does not handle: `make fuzz`."""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["agnews_sk.persistence", "skops", "zipfile"]):
    from agnews_sk.persistence import ArtifactError, load, save

from agnews_sk import make_tfidf_pipeline
from tests.persistence.forging import files_of, forge, repacked, write_zip

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-model-"))
TEXTS = ["oil prices rise", "shares fall", "cup final", "the cup is ours"]
PIPELINE = "pipeline.skops"


def parts_of(whole: bytes) -> list[tuple[str, bytes]]:
    """Return the parts that an input may replace: the zip, its files, those of the pipeline."""
    files = files_of(whole)
    return [("", whole), *files.items(), *files_of(files[PIPELINE]).items()]


def write(name: str, content: bytes, whole: bytes, path: Path) -> None:
    """Write the model with one part replaced, and all checksums corrected."""
    files = files_of(whole)
    if not name:
        path.write_bytes(content)
    elif name == "manifest.json":
        write_zip(files | {name: content}, path)
    elif name in files:
        forge(files | {name: content}, path)
    else:
        forge(files | {PIPELINE: repacked(files[PIPELINE], name, content)}, path)


def make_reader(whole: bytes):
    """Return the function that loads the model whose part the first byte names."""
    parts = [name for name, _ in parts_of(whole)]
    path = FOLDER / "model.zip"

    def read(data: bytes) -> None:
        if not data:
            return
        write(parts[data[0] % len(parts)], data[1:], whole, path)
        try:
            model = load(path)
        except ArtifactError:
            return
        assert np.allclose(model.predict_proba(TEXTS).sum(axis=1), 1)

    return read


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    model = make_tfidf_pipeline().fit(TEXTS, ["Oil", "Oil", "Cup", "Cup"])
    whole = save(model, FOLDER / "whole.zip").read_bytes()
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    for i, (_, content) in enumerate(parts_of(whole)):
        (seeds / str(i)).write_bytes(bytes([i]) + content)
    atheris.Setup([*sys.argv, f"-max_len={len(whole) + 1}", str(seeds)], make_reader(whole))
    atheris.Fuzz()
