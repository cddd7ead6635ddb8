"""Change saved models as a forger would: the manifest lists what was changed."""

import hashlib
import io
import json
import zipfile


def write(folder, name, content):
    """Put a file into a saved model, and its checksum into the manifest, as a forger would."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    change_manifest(folder, lambda m: m["files"].update({name: summed(content)}))


def summed(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def change_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def change_json(folder, name, change):
    content = json.loads((folder / name).read_text())
    change(content)
    write(folder, name, json.dumps(content).encode())


def change_schema(folder, change, extra=()):
    """Change what is inside pipeline.skops."""
    members = dict(extra)
    with zipfile.ZipFile(folder / "pipeline.skops") as archive:
        for name in archive.namelist():
            members.setdefault(name, archive.read(name))
    schema = json.loads(members["schema.json"])
    change(schema)
    members["schema.json"] = json.dumps(schema).encode()
    write(folder, "pipeline.skops", zipped(members))


def zipped(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


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
    """Write files with a manifest that lists their checksums, as a forger would."""
    manifest = json.loads(files["manifest.json"])
    for name in manifest["files"]:
        manifest["files"][name].update(summed(files[name]))
    write_zip(files | {"manifest.json": json.dumps(manifest)}, path)


def repacked(pipeline, name, content):
    """Return a skops file with one of its files replaced."""
    buffer = io.BytesIO()
    write_zip(files_of(pipeline) | {name: content}, buffer)
    return buffer.getvalue()


def write_sum(folder, name):
    """Put the checksum of a changed file into the manifest of a saved model."""
    write(folder, name, (folder / name).read_bytes())
