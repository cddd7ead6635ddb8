"""A tokenizer that marks pairs of texts in another way than BERT's."""

from tokenizers.processors import RobertaProcessing
from transformers import AutoTokenizer, PreTrainedTokenizerFast


def save_with(processor, model, folder):
    """Save the tokenizer of a model with another post-processor, as a class that keeps it."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    special = {name: getattr(tokenizer, name) for name in SPECIAL}
    backend = tokenizer.backend_tokenizer
    backend.post_processor = processor
    again = PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    again.save_pretrained(folder)
    return str(folder)


SPECIAL = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")


def save_with_two(model, folder):
    """Save the tokenizer with two separators between texts, as RoBERTa and MPNet have."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    ends = ("[SEP]", tokenizer.sep_token_id), ("[CLS]", tokenizer.cls_token_id)
    return save_with(RobertaProcessing(*ends, trim_offsets=False), model, folder)
