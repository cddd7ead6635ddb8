"""Which objective a pretrained model can be trained on without labels, and its module."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from agnews_sk._core.pretrained import pretrained_pooling, quiet_transformers
from agnews_sk.nn import MaskedTokenLoss, PartEncoder
from agnews_sk.tokenization import PretrainedTokenizer

OBJECTIVES = ("auto", "masked", "contrastive")


@dataclass(frozen=True)
class Objective:
    """What is trained, and saved.

    Attributes
    ----------
    name : {"masked", "contrastive"}
    module : torch.nn.Module
        Returns the loss of each text or, of pairs of texts, what `chunk_pooling` makes it of.
    model : transformers.PreTrainedModel
        The part of the module that is kept.
    pooling : str or None
        How the model's token vectors are meant to become one vector per text; None if it was not
        pretrained to have one.
    untrained : dict of str to Tensor
        Weights of the pretrained model that this objective does not use, such as a pooler.
    """

    name: str
    module: nn.Module
    model: Any
    pooling: str | None
    untrained: dict[str, Tensor] = field(default_factory=dict)


def make_objective(name: str, source: str, tokenizer: PretrainedTokenizer) -> Objective:
    """Return the module that trains a pretrained model on texts without labels.

    Parameters
    ----------
    name : {"auto", "masked", "contrastive"}
        "auto" is "masked" if the model has a head for it and is no sentence encoder.
    source : str
        As `resolve_pretrained` returns it.
    tokenizer : PretrainedTokenizer
        Fitted, of this model.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        If the model has no head of a masked language model, or its tokenizer no mask, and `name`
        is "masked".
    """
    pooling = pretrained_pooling(source)
    special_ids = [i for i in _special_ids(tokenizer) if i is not None]
    mask_id = tokenizer.mask_token_id_
    if name == "masked" or (name == "auto" and pooling is None):
        model = None if mask_id is None else _load_with_head(source)
        if mask_id is not None and model is not None:
            masked = MaskedTokenLoss(model, mask_id, special_ids)
            return Objective("masked", masked, model, pooling, _untrained(model, source))
        if name == "masked":
            lacks = "token that hides others" if mask_id is None else "head to predict tokens"
            raise ValueError(
                f"objective='masked' needs a masked language model, and {source!r} has no {lacks}; "
                "set objective='contrastive', or choose another model."
            )
    pooling = pooling or "mean"
    model, _ = _load(source, "AutoModel")
    return Objective("contrastive", PartEncoder(model, special_ids, pooling), model, pooling)


def _special_ids(tokenizer: PretrainedTokenizer) -> tuple[int | None, ...]:
    return (
        tokenizer.pad_token_id_,
        tokenizer.unk_token_id_,
        tokenizer.cls_token_id_,
        tokenizer.sep_token_id_,
        tokenizer.mask_token_id_,
    )


def _load(source: str, auto: str) -> tuple[Any, set[str]]:
    """Return a model in float32, and the names of its weights that the source lacks."""
    import transformers

    with quiet_transformers():
        model, info = getattr(transformers, auto).from_pretrained(
            source, use_safetensors=True, dtype="float32", output_loading_info=True
        )
    return model, set(info["missing_keys"])


def _load_with_head(source: str) -> Any:
    """Return a masked language model, None if the source has no weights of its head."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as KNOWN

    if AutoConfig.from_pretrained(source).model_type not in KNOWN:
        return None
    model, missing = _load(source, "AutoModelForMaskedLM")
    return None if missing else model


def _untrained(model: Any, source: str) -> dict[str, Tensor]:
    """Return the weights of the encoder that are not among those of a masked language model.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        Masked language model.
    source : str

    Returns
    -------
    dict of str to Tensor
        By their names in the masked language model, had it them.
    """
    encoder, missing = _load(source, "AutoModel")
    known = model.base_model.state_dict().keys() | missing
    state = encoder.state_dict()
    return {f"{model.base_model_prefix}.{k}": v for k, v in state.items() if k not in known}
