"""Saved models with other content, and sums to match."""

import hashlib
import io
import json
import zipfile


def files_of(content):
    """Return the files in the bytes of a zip, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(files, target):
    """Write files to a zip that is not compressed."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def forge(files, path):
    """Write files with a manifest that lists them with their sums, as a forger would."""
    manifest = json.loads(files["manifest.json"])
    for name in manifest["files"]:
        digest = hashlib.sha256(files[name]).hexdigest()
        manifest["files"][name].update(size=len(files[name]), sha256=digest)
    write_zip(files | {"manifest.json": json.dumps(manifest)}, path)


def repacked(pipeline, name, content):
    """Return a skops file with one of its files replaced."""
    buffer = io.BytesIO()
    write_zip(files_of(pipeline) | {name: content}, buffer)
    return buffer.getvalue()


def write_sum(folder, name):
    """Put the sum of a changed file into the manifest of a saved model."""
    content = (folder / name).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    digest = hashlib.sha256(content).hexdigest()
    manifest["files"][name] = {"size": len(content), "sha256": digest}
    (folder / "manifest.json").write_text(json.dumps(manifest))
