"""Forged and broken models are rejected by file name; nothing is run, nothing else is read."""

import json
import os
import pickle
import shutil
import stat
import struct
import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from agnews_sk.persistence import ArtifactError, load, save
from agnews_sk.persistence._parts import extract_parts
from tests.families import FAMILIES
from tests.persistence.forging import (
    change_json,
    change_manifest,
    change_schema,
    write,
    zipped,
)
from tests.persistence.watching import only_the_model_is_read


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/agnews_sk_was_here",)


PICKLE = pickle.dumps(Bomb())


@pytest.fixture(scope="module", autouse=True)
def _imported(saved):
    """Import all libraries before the audit hook is active."""
    import_module("transformers.models.albert.modeling_albert")
    for path in saved.values():
        load(path)


def change_model(folder, change):
    """Save a model whose learned values were changed."""
    skeleton, _ = extract_parts(load(folder))
    change(skeleton)
    write(folder, "pipeline.skops", skops.io.dumps(skeleton))


def change_tensors(folder, change):
    """Change the header of the weights, a dict, and their bytes, a bytearray."""
    path = next(folder.rglob("model.safetensors"))
    content = path.read_bytes()
    n_header = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + n_header]), bytearray(content[8 + n_header :])
    header = change(header, data) or header
    encoded = json.dumps(header).encode()
    content = struct.pack("<Q", len(encoded)) + encoded + bytes(data)
    write(folder, str(path.relative_to(folder)), content)


def forged(loader, module, name, **more):
    """A change of the schema that puts an object of another type in place of a step."""

    def change(schema):
        node = {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, **more}
        schema["content"]["content"]["memory"] = node

    return lambda folder: change_schema(folder, change)


NODE = {"__loader__": "JsonNode", "__module__": "builtins", "__class__": "str", "content": '"x"'}
ARGS = {
    "__loader__": "TupleNode",
    "__module__": "builtins",
    "__class__": "tuple",
    "content": [NODE],
}
FUNCTION = {"__loader__": "FunctionNode", "__module__": "os", "__class__": "system", "__id__": 2}


def as_zip(change):
    """A broken zip: `change` takes the files of the model, and the path of the zip."""

    def make(folder):
        path = folder.with_suffix(".zip")
        files = {
            str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()
        }
        change(files, path)
        return path

    return make


def with_member(name, content=b"x"):
    return as_zip(lambda files, path: path.write_bytes(zipped({**files, name: content})))


def linked_member(files, path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        info = zipfile.ZipInfo("classify/README.md")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")


def twice(files, path):
    other = {name: b"x" + content[1:] for name, content in files.items()}
    content = zipped({**files, **{f"{name[:-1]}~": content for name, content in other.items()}})
    for name in files:
        content = content.replace(f"{name[:-1]}~".encode(), name.encode())
    path.write_bytes(content)


def overlapping(files, path):
    """A zip in which every entry's bytes are those of one large entry."""
    files = {"README.md": b"x" * 1000, **{f"{c}/README.md": b"x" * 900 for c in "abcdef"}}
    content = bytearray(zipped(files))
    first = content.index(b"PK\x01\x02")
    at = first
    while (at := content.find(b"PK\x01\x02", at + 1)) > 0:
        content[at + 42 : at + 46] = struct.pack("<I", 0)
        content[at + 20 : at + 28] = struct.pack("<II", 10**6, 10**6)
    path.write_bytes(content)


def link_file(folder):
    target = folder.parent / "elsewhere"
    (folder / "pipeline.skops").rename(target)
    (folder / "pipeline.skops").symlink_to(target)


def link_folder(folder):
    shutil.move(folder / "classify", folder.parent / "classify")
    (folder / "classify").symlink_to(folder.parent / "classify")


def bad_npy(header, data=b""):
    text = repr(header).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def replace_array(content):
    def change(folder):
        with zipfile.ZipFile(folder / "pipeline.skops") as archive:
            name = next(n for n in archive.namelist() if n.endswith(".npy"))
        change_schema(folder, lambda schema: None, {name: content})

    return change


def set_tensor(value):
    def change(header, data):
        entry = next(e for k, e in header.items() if k != "__metadata__" and e["dtype"] == "F32")
        start = entry["data_offsets"][0]
        data[start : start + 4] = struct.pack("<f", value)

    return lambda folder: change_tensors(folder, change)


def set_entry(**new):
    return lambda folder: change_tensors(
        folder, lambda header, data: header["classifier.bias"].update(new)
    )


def set_config(**new):
    return lambda folder: change_json(
        folder, "classify/config.json", lambda c: c["module"].get("model", c["module"]).update(new)
    )


def set_saved(step="classify", *, input=None, **new):
    """Change what is saved beside the module: the pooling of chunks, and the model input."""

    def change(config):
        config.update(new)
        config["input"].update(input or {})

    return lambda folder: change_json(folder, f"{step}/config.json", change)


def set_manifest(**new):
    return lambda folder: change_manifest(folder, lambda m: m.update(new))


def set_attribute(step, name, make):
    def change(model):
        part = model[step]
        *way, last = name.split(".")
        for attribute in way:
            part = getattr(part, attribute)
        setattr(part, last, make(getattr(part, last)))

    return lambda folder: change_model(folder, change)


def spoiled(array, value):
    array = np.array(array)
    array.flat[0] = value
    return array


PADDING = {
    "strategy": {"Fixed": 10**15}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
    "pad_type_id": 0, "pad_token": "[PAD]",
}  # fmt: skip
NUMPY = {"descr": "<f8", "fortran_order": False}
CASES = {
    # pickles under every name
    "pickled manifest": ("tfidf", lambda f: (f / "manifest.json").write_bytes(PICKLE), "manifest"),
    "pickled pipeline": ("tfidf", lambda f: write(f, "pipeline.skops", PICKLE), "pipeline.skops"),
    "pickled card": ("tfidf", lambda f: write(f, "README.md", PICKLE), "README.md"),
    "pickled config": (
        "scratch", lambda f: write(f, "classify/config.json", PICKLE), "config.json"),
    "pickled weights": (
        "scratch", lambda f: write(f, "classify/model.safetensors", PICKLE), "model.safetensors"),
    "pickled tokenizer": (
        "finetune", lambda f: write(f, "classify/tokenizer/tokenizer.json", PICKLE),
        "tokenizer.json"),
    "pickle of its own, listed": ("tfidf", lambda f: write(f, "model.pkl", PICKLE), "model.pkl"),
    "pickle of its own, not listed": (
        "tfidf", lambda f: (f / "config.json").write_bytes(PICKLE), "config.json is not listed"),
    "pickle that no step wants": (
        "tfidf", lambda f: write(f, "config.json", PICKLE), "config.json belongs to no estimator"),
    "pickle within the pipeline": (
        "tfidf", lambda f: change_schema(f, lambda s: None, {"evil.pkl": PICKLE}), "evil.pkl"),
    "pickle as the schema": (
        "tfidf", lambda f: write(f, "pipeline.skops", zipped({"schema.json": PICKLE})),
        "pipeline.skops"),
    "pickle as an array": ("tfidf", replace_array(PICKLE), "pipeline.skops"),
    "array of pickles": (
        "tfidf", replace_array(bad_npy({**NUMPY, "descr": "|O", "shape": (1,)}, PICKLE)),
        "pipeline.skops has the dtype object"),
    "endless array of nothing": (
        "tfidf", replace_array(bad_npy({**NUMPY, "descr": "<U0", "shape": (10**13,)})),
        "pipeline.skops has the dtype <U0"),
    "array of arrays": (
        "tfidf", replace_array(bad_npy({**NUMPY, "descr": ("<f8", (1,)), "shape": (1,)},
                                       struct.pack("<d", np.nan))),
        r"pipeline.skops has the dtype \('<f8', \(1,\)\)"),
    # forged types
    "forged class": ("tfidf", forged("ObjectNode", "subprocess", "Popen"), "subprocess.Popen"),
    "forged function": ("tfidf", forged("FunctionNode", "os", "system"), "os.system"),
    "forged type": ("tfidf", forged("TypeNode", "os", "_wrap_close"), "os._wrap_close"),
    "forged constructor": (
        "tfidf", forged("ConstructorFromReduceNode", "pathlib", "Path", content=ARGS),
        "pathlib.Path"),
    "forged partial": (
        "tfidf", forged("PartialNode", "functools", "partial",
                        content={"func": FUNCTION, "args": ARGS, "kwds": NODE, "namespace": NODE}),
        "functools.partial"),
    "forged method": (
        "tfidf", forged("MethodNode", "os", "system", content={"func": "f", "obj": NODE}),
        "os.system"),
    "forged operator": (
        "tfidf", forged("OperatorFuncNode", "operator", "methodcaller", attrs=ARGS),
        "methodcaller"),
    "tree with positions outside": (
        "tfidf", forged("TreeNode", "sklearn.tree._tree", "Tree", args=ARGS), "_tree.Tree"),
    "cache that would write": (
        "tfidf", forged("ObjectNode", "agnews_sk.caching._text_cache", "TextCache"), "TextCache"),
    "skops's old protocol": (
        "tfidf", lambda f: change_schema(f, lambda s: s.update(protocol=0)), "protocol 0"),
    "trusted list in the manifest": (
        "tfidf", lambda f: (forged("FunctionNode", "os", "system")(f),
                            set_manifest(trusted=["os.system", "posix.system"])(f)),
        "os.system"),
    "trusted list in the pipeline": (
        "tfidf", lambda f: (forged("FunctionNode", "os", "system")(f),
                            change_schema(f, lambda s: s.update(trusted=["os.system"]))),
        "os.system"),
    "schema nested without end": (
        "tfidf", lambda f: write(f, "pipeline.skops", zipped({"schema.json": b"[" * 10**6})),
        "pipeline.skops"),
    # zips
    "zip that leads upwards": ("tfidf", with_member("../README.md"), r"\.\./README\.md"),
    "zip with an absolute name": ("tfidf", with_member("/tmp/README.md"), "/tmp/README.md"),
    "zip with a drive": ("tfidf", with_member("C:\\README.md"), r"README\.md"),
    "zip bomb": (
        "tfidf", as_zip(lambda files, path: path.write_bytes(
            zipped({**files, "README.md": b"0" * 10**8}, zipfile.ZIP_DEFLATED))), "compressed"),
    "zip bomb as the pipeline": (
        "tfidf", lambda f: write(f, "pipeline.skops", zipped({"schema.json": b" " * 10**8},
                                                             zipfile.ZIP_DEFLATED)),
        "'schema.json' is compressed"),
    "zip of overlapping files": ("tfidf", as_zip(overlapping), "README.md"),
    "zip with a link": ("tfidf", as_zip(linked_member), r"classify/README\.md.*link"),
    "zip with files twice": ("tfidf", as_zip(twice), "listed twice"),
    "zip cut off": (
        "tfidf", as_zip(lambda files, path: path.write_bytes(zipped(files)[:-30])),
        "schema.json|npy"),
    # folders
    "linked file": ("tfidf", link_file, r"pipeline\.skops is a link"),
    "linked folder": ("scratch", link_folder, "classify is a link"),
    "pipe": (
        "tfidf", lambda f: os.mkfifo(f / "config.json"), "config.json is a link or a special file"),
    "missing manifest": ("tfidf", lambda f: (f / "manifest.json").unlink(), "manifest.json"),
    "missing pipeline": (
        "tfidf", lambda f: (f / "pipeline.skops").unlink(), r"pipeline\.skops is missing"),
    "missing weights": (
        "scratch", lambda f: (f / "classify/model.safetensors").unlink(), "safetensors is missing"),
    "weights that nothing lists": (
        "scratch", lambda f: ((f / "classify/model.safetensors").unlink(),
                              change_manifest(f, lambda m: m["files"].pop(
                                  "classify/model.safetensors"))), "classify/config.json"),
    "wrong sum": (
        "tfidf", lambda f: change_manifest(f, lambda m: m["files"]["README.md"].update(sha256="0")),
        "README.md has the SHA-256"),
    "other bytes": (
        "tfidf", lambda f: (f / "README.md").write_text("x" * (f / "README.md").stat().st_size),
        "README.md has the SHA-256"),
    "other size": ("tfidf", lambda f: (f / "README.md").write_text("x"), "README.md has 1 bytes"),
    # manifests
    "newer format": ("tfidf", set_manifest(format_version=2), r"manifest\.json has the format 2"),
    "no format": ("tfidf", set_manifest(format_version="1"), "format_version '1'"),
    "another program's": ("tfidf", set_manifest(format="x"), r"manifest\.json is not the manifest"),
    "another kind": ("tfidf", set_manifest(kind="onnx"), "OnnxClassifier.from_path"),
    "kind of no name": ("tfidf", set_manifest(kind=["onnx"]), "another program reads"),
    "no files": ("tfidf", set_manifest(files=[]), "manifest.json must list the files"),
    "no versions": ("tfidf", set_manifest(versions=None), "manifest.json must list the versions"),
    "other classes": ("tfidf", set_manifest(classes=["a", "b"]), "manifest.json names the classes"),
    "endless manifest": (
        "tfidf", lambda f: (f / "manifest.json").write_bytes(b" " * 2**23), "manifest.json"),
    # weights
    "NaN weights": ("scratch", set_tensor(np.nan), r"model\.safetensors.*not finite"),
    "infinite weights": ("finetune", set_tensor(np.inf), r"model\.safetensors.*not finite"),
    "weights of another shape": (
        "scratch", set_entry(shape=[1, 2]), "config.json.*classifier.bias"),
    "weights larger than their bytes": ("scratch", set_entry(shape=[10**12]), "safetensors"),
    "weights of no known kind": ("scratch", set_entry(dtype="F7"), "safetensors"),
    "weights outside the file": (
        "scratch", set_entry(data_offsets=[10**9, 10**9 + 8]), "safetensors"),
    "one weight missing": (
        "scratch", lambda f: change_tensors(
            f, lambda h, d: {"x" if k == "classifier.bias" else k: v for k, v in h.items()}),
        "config.json.*2 weights do not fit"),
    "bytes behind the weights": (
        "scratch", lambda f: change_tensors(f, lambda h, d: d.extend(b"evil")), "4 bytes after"),
    "truncated header": (
        "scratch", lambda f: write(f, "classify/model.safetensors", b"\x40\0\0\0\0\0\0\0{}"),
        "header of 64 bytes"),
    "endless header": (
        "scratch", lambda f: write(f, "classify/model.safetensors", b"\xff" * 8 + b"{}"),
        r"model\.safetensors has a header"),
    # configurations
    "model of no text": ("finetune", set_config(model_type="sam"), "config.json.*'sam'"),
    "model of another size": ("finetune", set_config(hidden_size=10**7), "config.json"),
    "endless layers": ("finetune", set_config(num_hidden_layers=10**9), "num_hidden_layers"),
    "code from the hub": (
        "pooled", set_config(auto_map={"AutoModel": "evil/repo--model.M"}), "auto_map"),
    "kernel from the hub": (
        "finetune", set_config(attn_implementation="evil/kernel"), "attn_implementation"),
    "padding outside": ("finetune", set_config(pad_token_id=9999), "config.json"),
    "endless layers from scratch": ("scratch", set_config(n_layers=10**9), "n_layers"),
    "endless positions": ("scratch", set_config(max_length=10**10), "bytes, which is too large"),
    "endless layers of a model within": (
        "finetune", set_config(text_config={"num_hidden_layers": 10**9}), "num_hidden_layers"),
    "endless labels": ("finetune", set_config(num_labels=10**10), "num_labels"),
    "code from the hub for a model within": (
        "finetune", set_config(text_config={"auto_map": {"AutoModel": "evil/repo--model.M"}}),
        "auto_map"),
    "unknown setting": ("scratch", set_config(evil=1), "config.json.*evil"),
    "chunks that nothing pools": (
        "scratch", set_saved(input={"truncation": "chunk"}), "needs a chunk_pooling"),
    "pooling without chunks": (
        "scratch", set_saved(chunk_pooling="mean"), "needs a chunk_pooling"),
    "unknown pooling of chunks": (
        "finetune", set_saved(chunk_pooling="first"), "chunk_pooling must be one of"),
    "pooling of chunks without its weights": (
        "scratch", set_saved(chunk_pooling="attention", input={"truncation": "chunk"}),
        "3 weights do not fit"),
    "endless chunks": (
        "finetune", set_saved(
            chunk_pooling="mean", input={"truncation": "chunk", "max_chunks": 10**9}),
        "max_chunks must be from 1 to 1024"),
    "chunks that share all but one token": (
        "embedding", set_saved("embed", input={"truncation": "chunk", "chunk_overlap": 61}),
        "chunk_overlap must be at most half"),
    "length of no number": (
        "embedding", set_saved("embed", input={"max_length": "long"}), "embed/config.json"),
    "length below zero": (
        "embedding", set_saved("embed", input={"max_length": -1}), "max_length must be at least"),
    "endless chunks as a parameter": (
        "scratch", set_attribute("classify", "max_chunks", lambda _: 10**9), "max_chunks"),
    "no configuration": (
        "finetune", lambda f: write(f, "classify/config.json", b"[]"), "classify/config.json"),
    # tokenizers and vocabularies
    "token id outside": (
        "finetune", lambda f: change_json(f, "classify/tokenizer/tokenizer.json",
                                          lambda t: t["model"]["vocab"].update(oil=10**6)),
        "tokenizer.json.*1000000 is outside"),
    "endless padding": (
        "finetune", lambda f: change_json(f, "classify/tokenizer/tokenizer.json",
                                          lambda t: t.update(padding=PADDING)),
        "tokenizer.json.*padding"),
    "no tokenizer": (
        "embedding", lambda f: write(f, "embed/tokenizer/tokenizer.json", b"{}"), "tokenizer.json"),
    "more tokens than the model has": (
        "finetune", lambda f: change_model(f, lambda m: setattr(
            m["classify"].tokenizer_, "vocab_size_", 10**6)), "1000000 ids"),
    "word id outside": (
        "scratch", set_attribute("vocabulary", "vocabulary_", lambda v: {**v, "oil": 9999}),
        "pipeline.skops has a vocabulary"),
    "two words of one id": (
        "scratch", set_attribute("vocabulary", "vocabulary_", lambda v: {**v, "oil": 3}),
        "pipeline.skops has a vocabulary"),
    "n-gram of no token": (
        "tfidf", set_attribute("vectorize", "words_._table.terms", lambda t: spoiled(t, 10**6)),
        "pipeline.skops.*below"),
    "n-gram of no column": (
        "tfidf", set_attribute("vectorize", "words_._table.columns", lambda c: spoiled(c, -5)),
        "pipeline.skops.*got -5"),
    "weights of fewer n-grams": (
        "tfidf", set_attribute("vectorize", "words_._weights.idf_", lambda w: w[:3]),
        "pipeline.skops"),
    # arrays and parameters
    "array larger than its bytes": (
        "tfidf", replace_array(bad_npy({**NUMPY, "shape": (10**13,)})),
        "pipeline.skops has 0 bytes"),
    "array of negative shape": (
        "tfidf", replace_array(bad_npy({**NUMPY, "shape": (-1, -1)}, b"\0" * 8)), "pipeline.skops"),
    "NaN coefficients": (
        "tfidf", set_attribute("classify", "coef_", lambda c: spoiled(c, np.nan)),
        "pipeline.skops holds NaN"),
    "infinite intercept": (
        "tfidf", set_attribute("classify", "intercept_", lambda b: spoiled(b, np.inf)),
        "pipeline.skops has coefficients"),
    "coefficients of another shape": (
        "tfidf", set_attribute("classify", "coef_", lambda c: c[:, :-1]),
        "pipeline.skops has coef"),
    "coefficients of other vectors": (
        "embedding", set_attribute("classify", "coef_", lambda c: c[:, :-1]), "pipeline.skops"),
    "temperature below zero": (
        "tfidf", set_attribute("classify", "temperature_", lambda t: -1.0), "temperature above 0"),
    "parameter out of range": (
        "tfidf", set_attribute("clean", "lowercase", lambda _: "yes"), "pipeline.skops.*lowercase"),
    "folder to cache in": (
        "tfidf", lambda f: change_model(f, lambda m: setattr(m, "memory", "/tmp/evil")),
        "pipeline.skops sets memory of a TextPipeline"),
    "endless processes": (
        "characters", lambda f: change_model(
            f, lambda m: setattr(m["classify"], "n_jobs", 10**6)),
        "pipeline.skops sets n_jobs of a CalibratedLogisticRegression"),
    "random numbers from elsewhere": (
        "tfidf", set_attribute("classify", "random_state", lambda _: forged_random_state()),
        "pipeline.skops has a random_state of a CalibratedLogisticRegression"),
    "step of no kind": (
        "tfidf", lambda f: change_model(f, lambda m: m.steps.__setitem__(4, ("vectorize", "x"))),
        "pipeline.skops"),
}  # fmt: skip


def forged_random_state():
    state = np.random.RandomState(0).get_state()
    made = np.random.RandomState()
    made.set_state((*state[:2], 2**30, *state[3:]))
    return made


@pytest.mark.parametrize(
    ("vectorizer", "spoil", "message"),
    [
        (CountVectorizer(), lambda v: v.vocabulary_.update(oil=2**30), "columns"),
        (CountVectorizer(), lambda v: v.vocabulary_.update(oil=-(2**30)), "columns"),
        (TfidfVectorizer(), lambda v: v.vocabulary_.update(oil=0), "columns"),
        (CountVectorizer(), lambda v: setattr(v, "input", "filename"), "texts as file names"),
        (HashingVectorizer(), lambda v: setattr(v, "input", "filename"), "texts as file names"),
        (HashingVectorizer(), lambda v: setattr(v, "n_features", 0), "n_features"),
    ],
    ids=["outside", "negative", "twice", "files", "hashed files", "no columns"],
)
@pytest.mark.parametrize("within", [True, False], ids=["in a union", "alone"])
def test_vectorizers_of_scikit_learn_open_no_files_and_run_no_slow_pattern(
    headlines, tmp_path, vectorizer, spoil, message, within
):
    first = clone(vectorizer)
    step = FeatureUnion([("words", first)]) if within else first
    model = Pipeline([("vectorize", step), ("classify", LogisticRegression())]).fit(*headlines)
    path = save(model, tmp_path / "good")
    np.testing.assert_array_equal(
        load(path).predict_proba(headlines[0]), model.predict_proba(headlines[0])
    )
    spoil(model["vectorize"].transformer_list[0][1] if within else model["vectorize"])
    path = save(model, tmp_path / "spoiled")
    with only_the_model_is_read(path), pytest.raises(ArtifactError, match=message) as caught:
        load(path)
    assert "pipeline.skops" in str(caught.value)


@pytest.mark.parametrize(("family", "step"), [("finetune", "classify"), ("embedding", "embed")])
def test_a_model_reads_no_more_tokens_than_it_has_positions_for(saved, tmp_path, family, step):
    folder = shutil.copytree(saved[family], tmp_path / "model")
    set_saved(step, input={"max_length": 10**6})(folder)
    model = load(folder)
    assert dict(model.steps)[step].model_input_.max_length == 64
    texts = ["oil " * 500]
    np.testing.assert_array_equal(
        model.predict_proba(texts), load(saved[family]).predict_proba(texts)
    )


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_model_is_rejected_by_file_and_no_code_is_run(saved, tmp_path, case):
    family, spoil, message = CASES[case]
    folder = tmp_path / "model"
    shutil.copytree(saved[family], folder)
    made = spoil(folder)
    path = made if isinstance(made, Path) and made.suffix == ".zip" else folder
    with only_the_model_is_read(path), pytest.raises(ArtifactError, match=message):
        load(path)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_good_model_is_loaded_from_its_files_alone(saved, family):
    with only_the_model_is_read(saved[family]):
        load(saved[family])


def test_the_audit_hook_notices_forbidden_actions():
    with pytest.raises(AssertionError, match="find_class"), only_the_model_is_read("/nowhere"):
        pickle.loads(pickle.dumps(np.float64(1)))
    with pytest.raises(AssertionError, match="passwd"), only_the_model_is_read("/nowhere"):
        Path("/etc/passwd").read_bytes()
