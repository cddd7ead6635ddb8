"""Find a pretrained model: the default, a folder, or a name on the Hub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agnews_sk._core.packaged_models import MINILM, file_sha256, find_packaged, packaged_folder

DEFAULT_MODEL = MINILM.name
# Settings by which transformers finds modules, kernels or weights to fetch.
_CODE_SETTINGS = (
    "auto_map",
    "attn_implementation",
    "_attn_implementation",
    "_experts_implementation",
    "experts_implementation",
    "backbone",
    "custom",
    "quantization_config",
    "use_kernels",
    "use_pretrained",
    "use_timm",
)
# Modules of sentence-transformers that `SentenceEmbedder` computes too, or that do nothing.
_COMPUTED = {"Transformer", "Pooling", "Normalize", "Dropout"}
_POOLING = "1_Pooling/config.json"
_READ = {".bin", ".json", ".model", ".safetensors", ".txt"}  # suffixes that from_pretrained reads


def resolve_pretrained(model: str | Path | None) -> str:
    """Return the argument of `from_pretrained` for this model.

    Parameters
    ----------
    model : str, path or None
        A folder, a name on the Hugging Face Hub, or None for all-MiniLM-L6-v2. Models that come as
        packages (`agnews_sk._core.packaged_models.MODELS`) may be named without their publisher,
        and are taken from the packages where these are installed.

    Returns
    -------
    str
        A folder that exists, or a name on the Hub.

    Raises
    ------
    OSError
        If packages are incomplete or damaged, or a path is given that is not a folder.
    """
    name = DEFAULT_MODEL if model is None else str(model)
    if model is not None and Path(name).is_dir():
        return name
    if isinstance(model, Path) or name.startswith((".", "/", "~")):
        raise OSError(
            f"model={name!r} is not a folder; pass a folder that holds config.json, "
            "or a name on the Hugging Face Hub such as 'distilbert-base-uncased'."
        )
    packaged = find_packaged(name)
    if packaged is None:
        return name
    folder = packaged_folder(packaged)
    return packaged.name if folder is None else str(folder)


@contextmanager
def naming_packages(source: str) -> Iterator[None]:
    """Within the block, add to an OSError how to install the model, if it comes as packages.

    Parameters
    ----------
    source : str
        As `resolve_pretrained` returns it.
    """
    try:
        yield
    except OSError as error:
        packaged = find_packaged(source)
        if packaged is None:
            raise
        raise OSError(
            f"{str(error).removesuffix('.')}; or install {packaged.short_name} with "
            f"`{packaged.how_to_install}`."
        ) from error


def model_digest(source: str) -> str:
    """Return a digest of the files of a pretrained model.

    Parameters
    ----------
    source : str
        As `resolve_pretrained` returns it.

    Returns
    -------
    str
        Names and SHA-256 of all files in a folder that `from_pretrained` may read: weights,
        configuration, tokenizer and pooling. Of a model on the Hub its name.
    """
    files = [path for path in sorted(Path(source).glob("*")) if path.suffix in _READ]
    if files and (pooling := Path(source, _POOLING)).is_file():
        files.append(pooling)
    names = (path.relative_to(source).as_posix() for path in files)
    return " ".join(f"{name}:{file_sha256(path)}" for name, path in zip(names, files)) or source


def longest_input(model: Any) -> int | None:
    """Return how many tokens a model of transformers has positions for.

    Parameters
    ----------
    model : transformers.PreTrainedModel

    Returns
    -------
    int or None
        None if there is no limit.
    """
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit is None or limit < 0:  # -1 means none in XLNet
        return None
    for name, child in model.named_modules():
        # RoBERTa counts positions from after its padding id.
        if name.endswith("position_embeddings") and getattr(child, "padding_idx", None) is not None:
            limit -= child.padding_idx + 1
    return limit


def pretrained_pooling(source: str) -> str | None:
    """Return how a sentence encoder was pretrained to make one vector of a text's tokens.

    Parameters
    ----------
    source : str
        As `resolve_pretrained` returns it.

    Returns
    -------
    {"mean", "max", "first"} or None
        None if the model has no `1_Pooling/config.json`, as sentence-transformers writes it, or
        pools in another way.
    """
    path = _cached_file(source, _POOLING)
    if path is None:
        return None
    config = json.loads(path.read_text(encoding="utf-8"))
    names = {"cls": "first", "max": "max", "mean": "mean"}
    modes = [mode for mode in names if config.get(f"pooling_mode_{mode}_tokens")]
    modes += ["cls"] if config.get("pooling_mode_cls_token") else []
    modes = modes or [str(config.get("pooling_mode"))]  # as later versions write it
    return names.get(modes[0]) if len(modes) == 1 else None


def left_out_modules(source: str) -> list[str]:
    """Return the modules of a sentence encoder that come after its pooling, but for scaling.

    Parameters
    ----------
    source : str
        As `resolve_pretrained` returns it.

    Returns
    -------
    list of str
        Names of classes, such as "Dense"; empty if the model has no `modules.json`, as
        sentence-transformers writes it.
    """
    path = _cached_file(source, "modules.json")
    modules = [] if path is None else json.loads(path.read_text(encoding="utf-8"))
    names = [str(module["type"]).rpartition(".")[2] for module in modules]
    return [name for name in names if name not in _COMPUTED]


def _cached_file(source: str, name: str) -> Path | None:
    """Return the path of a file of a model, or None if the model has no such file."""
    from transformers.utils import cached_file

    path = cached_file(
        source,
        name,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        _raise_exceptions_for_gated_repo=False,
    )
    return None if path is None else Path(path)


def plain_config(model: Any) -> dict[str, Any]:
    """Return the configuration of a model of transformers as plain values, for JSON.

    Parameters
    ----------
    model : transformers.PreTrainedModel

    Returns
    -------
    dict of str to Any
    """
    config = json.loads(model.config.to_json_string(use_diff=False))
    return {name: value for name, value in config.items() if name != "_name_or_path"}


def _check_setting(name: str, value: Any, n_tensors: int) -> None:
    """Reject a setting that would load code, make many layers, or contradict the saved labels.

    Parameters
    ----------
    name : str
        Key in the configuration, at any depth.
    value : object
    n_tensors : int
        Number of the weights that will be loaded.
    """
    if name.startswith(_CODE_SETTINGS) and value is not None:
        raise ValueError(f"the setting {name}={value!r:.60} would load code.")
    if "layer" in name and isinstance(value, int) and value > n_tensors:
        raise ValueError(f"{name}={value} is more than the {n_tensors} tensors.")
    if name == "num_labels":
        raise ValueError("num_labels must not be set in a saved model; id2label lists the labels.")


def model_from_config(config: dict[str, Any], *, classifier: bool, n_tensors: int) -> Any:
    """Return a model of transformers with new weights, from a configuration that may be forged.

    Parameters
    ----------
    config : dict of str to Any
        As `plain_config` returns it.
    classifier : bool
        Whether the model has a classification head, or is the encoder alone.
    n_tensors : int
        Number of the weights that will be loaded: no number of layers may be above it.

    Returns
    -------
    transformers.PreTrainedModel

    Raises
    ------
    ValueError
        If the model is not a text classifier, the configuration names code to load, or the model
        would have more layers than weights.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as KNOWN,
    )

    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in KNOWN:
        raise ValueError(f"model_type {kind!r} is not one of transformers' text classifiers.")
    for name, value in _walk_settings(config):
        _check_setting(name, value, n_tensors)
    settings = {name: value for name, value in config.items() if name != "model_type"}
    auto = AutoModelForSequenceClassification if classifier else AutoModel
    with quiet_transformers():
        return auto.from_config(AutoConfig.for_model(kind, **settings), dtype="float32")


def _walk_settings(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a configuration and of those within it."""
    named = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in named:
        yield str(name), inner
        if isinstance(inner, (dict, list)):
            yield from _walk_settings(inner)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence transformers' reports of weights that are new or unused: that is intended here."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
