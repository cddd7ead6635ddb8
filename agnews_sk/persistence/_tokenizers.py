"""Check a `tokenizer.json` before the library reads it, and then try it.

The library is written in Rust. What it does not expect ends in a panic, at times long after
loading, and its loops and regular expressions cannot be interrupted from Python. So what could run
or grow without bound is rejected from the document alone, and what passes is tried on a few texts.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._patterns import check_pattern, shortest_match

TOKENIZER = "tokenizer.json"
_MODELS = frozenset({"BPE", "Unigram", "WordLevel", "WordPiece"})
_NORMALIZERS = frozenset(
    {
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt",
        "Precompiled", "Prepend", "Replace", "Sequence", "Strip", "StripAccents",
    }
)  # fmt: skip
_PRE_TOKENIZERS = frozenset(
    {
        "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Delimiter", "Digits",
        "FixedLength", "Metaspace", "Punctuation", "Sequence", "Split", "UnicodeScripts",
        "Whitespace", "WhitespaceSplit",
    }
)  # fmt: skip
_POST_PROCESSORS = frozenset(
    {"BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing"}
)
_DECODERS = frozenset(
    {
        "BPEDecoder", "ByteFallback", "ByteLevel", "CTC", "Fuse", "Metaspace", "Replace",
        "Sequence", "Strip", "WordPiece",
    }
)  # fmt: skip
_SECTIONS = {
    "normalizer": _NORMALIZERS,
    "pre_tokenizer": _PRE_TOKENIZERS,
    "post_processor": _POST_PROCESSORS,
    "decoder": _DECODERS,
}
_MAX_PARTS = 64
_MAX_TEXT = 256  # characters that replace one
_MAX_GROWTH = 32  # factor by which all parts together may lengthen a text
_MAX_WORD = 1_000  # characters; the number of steps grows with their square
_MAX_AFFIX = 16  # characters before or after each piece of a word
_MAX_SPECIAL = 16  # special tokens per text
_SAMPLES = [
    "",
    "a",
    "Oil prices rise to $50 a barrel; it's 3.5% up!",
    "Ünïcode ☃ 中文 العربية é\u0301 \u200b\x00\t\n  ﷺ 👩‍👩‍👧",
    "[CLS] [SEP] <s> </s> <unk> ## ▁ Ġ",
    "x" * 2_000,
    "words " * 500,
]


def check_tokenizer(document: str, trusted: Sequence[str] = ()) -> None:
    """Reject a tokenizer that could crash, run without end or return ids outside its vocabulary.

    Parameters
    ----------
    document : str
        JSON, as `tokenizers.Tokenizer.from_str` reads it.
    trusted : sequence of str
        Regular expressions that the caller trusts.

    Raises
    ------
    ArtifactError
        The message names the section and the setting.
    """
    tokenizer = json.loads(document)
    _check_model(tokenizer["model"])
    growth = 1.0
    for section, known in _SECTIONS.items():
        parts = list(_parts(tokenizer.get(section)))
        if len(parts) > _MAX_PARTS:
            raise ArtifactError(
                f"{TOKENIZER} has {len(parts)} parts in its {section}, at most {_MAX_PARTS} "
                "expected."
            )
        for part in parts:
            if part["type"] not in known:
                raise ArtifactError(f"{TOKENIZER} has an unknown {section}, {part['type']!r}.")
            growth *= _max_growth(part, trusted)
    if not growth <= _MAX_GROWTH:
        raise ArtifactError(f"{TOKENIZER} makes texts more than {_MAX_GROWTH} times as long.")
    if tokenizer.get("padding") is not None:
        raise ArtifactError(
            f"{TOKENIZER} has padding; it must be null, as ids are padded per batch."
        )
    added = {token["content"]: token["id"] for token in tokenizer.get("added_tokens") or ()}
    if "" in added:
        raise ArtifactError(f"{TOKENIZER} has an added token that is empty.")
    _check_truncation(tokenizer.get("truncation"), _n_special(tokenizer.get("post_processor")))
    _encode_samples(document, added, tokenizer["model"].get("unk_id"))


def _check_model(model: dict[str, Any]) -> None:
    """Reject unknown models and settings that take quadratic time, grow texts or draw at random."""
    # Documents of older versions name no type.
    if model.get("type", "BPE") not in _MODELS:
        raise ArtifactError(f"{TOKENIZER} has an unknown model, {model.get('type')!r}.")
    longest = model.get("max_input_chars_per_word", 0)
    if not 0 <= longest <= _MAX_WORD:
        raise ArtifactError(
            f"{TOKENIZER} has max_input_chars_per_word={longest}, at most {_MAX_WORD} expected."
        )
    for name in ("continuing_subword_prefix", "end_of_word_suffix"):
        if len(model.get(name) or "") > _MAX_AFFIX:
            raise ArtifactError(
                f"{TOKENIZER} has a {name} of {len(model[name])} characters, at most {_MAX_AFFIX} "
                "expected."
            )
    if model.get("dropout"):
        raise ArtifactError(
            f"{TOKENIZER} has dropout, with which predictions are not reproducible."
        )


def _parts(section: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a section of the document; sequences are replaced by what they contain."""
    if section is None:
        return
    if section["type"] != "Sequence":
        yield section
        return
    # Each kind of section has its own name for what is in a sequence.
    for inner in section.values():
        for part in inner if isinstance(inner, list) else ():
            yield from _parts(part)


def _max_growth(part: dict[str, Any], trusted: Sequence[str]) -> float:
    """Check a part's settings, and return by which factor it can lengthen a text.

    Parameters
    ----------
    part : dict
        A normalizer, pre-tokenizer, post-processor or decoder.
    trusted : sequence of str

    Returns
    -------
    float
        At least 1. The factors of all parts multiply: ten parts that double a text make it a
        thousand times as long.
    """
    kind = part["type"]
    texts = [part.get(name, "") for name in ("content", "prepend", "prefix", "suffix")]
    if any(isinstance(text, str) and len(text) > _MAX_TEXT for text in texts):
        raise ArtifactError(
            f"{TOKENIZER} has a {kind} with a text of more than {_MAX_TEXT} characters."
        )
    if kind == "ByteLevel":
        return 2  # each byte becomes a character of up to two bytes
    if kind == "Precompiled":
        _check_charsmap(part["precompiled_charsmap"])
    if kind == "Strip" and max(part.get("start", 0), part.get("stop", 0)) > _MAX_TEXT:
        raise ArtifactError(
            f"{TOKENIZER} has a decoder that strips more than {_MAX_TEXT} characters."
        )
    if kind not in ("Replace", "Split"):
        return 1
    shortest = _shortest_match(part["pattern"], trusted)
    return max(1.0, len(part.get("content", "").encode()) / shortest)


def _shortest_match(pattern: dict[str, str], trusted: Sequence[str]) -> int:
    """Return the number of characters of a pattern's shortest match, which must be at least 1.

    Parameters
    ----------
    pattern : dict with one entry
        `{"String": text}` or `{"Regex": pattern}`.
    trusted : sequence of str

    Returns
    -------
    int

    Raises
    ------
    ArtifactError
        If a match can be empty, which would be found everywhere, or its search can take too long.
    """
    ((kind, text),) = pattern.items()
    if kind == "Regex":
        check_pattern(text, trusted, where=TOKENIZER, oniguruma=True)
    length = shortest_match(text) if kind == "Regex" else len(text)
    if length < 1:
        raise ArtifactError(
            f"{TOKENIZER} has the pattern {text!r:.200}, which matches the empty text."
        )
    return length


def _check_charsmap(encoded: str) -> None:
    """Reject a precompiled table in which one character becomes a long text.

    The table is the size of a trie, the trie, and the replacements separated by zero bytes.
    """
    table = base64.b64decode(encoded)
    n_trie = int.from_bytes(table[:4], "little")
    longest = max(map(len, table[4 + n_trie :].split(b"\0")))
    if longest > _MAX_TEXT:
        raise ArtifactError(f"{TOKENIZER} replaces one character by {longest} bytes.")


def _n_special(post_processor: Any) -> int:
    """Return the number of special tokens that a text gets, if the text itself is used once."""
    n_special = 0
    for part in _parts(post_processor):
        if part["type"] in ("BertProcessing", "RobertaProcessing"):
            n_special += 2
        if part["type"] != "TemplateProcessing":
            continue
        pieces = [next(iter(piece.items())) for piece in part["single"]]
        rows = [piece["id"] for kind, piece in pieces if kind == "Sequence"]
        if rows != ["A"]:
            raise ArtifactError(
                f"{TOKENIZER} has a template with the texts {rows}, expected ['A']."
            )
        tokens = part["special_tokens"]
        n_special += sum(len(tokens[p["id"]]["ids"]) for kind, p in pieces if kind != "Sequence")
    if n_special > _MAX_SPECIAL:
        raise ArtifactError(
            f"{TOKENIZER} adds {n_special} special tokens to each text, at most {_MAX_SPECIAL} "
            "expected."
        )
    return n_special


def _check_truncation(truncation: Any, n_special: int) -> None:
    """Reject truncation that leaves no room for a token, overlaps, or has another strategy.

    With a stride, a text would become several rows of ids.
    """
    if truncation is None:
        return
    length, stride = truncation["max_length"], truncation["stride"]
    whole = isinstance(length, int) and length > n_special
    if not whole or stride != 0 or truncation["strategy"] != "LongestFirst":
        raise ArtifactError(
            f"{TOKENIZER} has the truncation {truncation}; expected the strategy LongestFirst, "
            f"the stride 0 and a max_length above {n_special}, the number of special tokens."
        )


def _check_unknown(model: Any, unk_id: Any) -> None:
    """Reject a model whose unknown token is not in its vocabulary: unknown words fail."""
    if type(model).__name__ == "Unigram":  # it does not reveal the id that it was read with
        known = type(unk_id) is int and unk_id >= 0 and model.id_to_token(unk_id) is not None
    else:
        # BPE without an unknown token leaves out unknown pieces; the other models always have one.
        known = model.unk_token is None or model.token_to_id(model.unk_token) is not None
    if not known:
        raise ArtifactError(
            f"{TOKENIZER} has an unknown token that is not in the vocabulary of its model."
        )


def _encode_samples(document: str, added: Mapping[str, int], unk_id: Any) -> None:
    """Encode and decode a few texts; a panic, or an id outside the vocabulary, is an error.

    Parameters
    ----------
    document : str
    added : mapping of str to int
        Ids of added tokens as the document has them.
    unk_id : object
        Id of the unknown token of a Unigram model.
    """
    from tokenizers import Tokenizer

    with artifact_errors(TOKENIZER):
        tokenizer = Tokenizer.from_str(document)
        _check_unknown(tokenizer.model, unk_id)
        vocabulary = tokenizer.get_vocab()
        if any(vocabulary.get(token) != id_ for token, id_ in added.items()):
            raise ArtifactError(
                f"{TOKENIZER} has an added token whose id is that of another token."
            )
        known = frozenset(vocabulary.values())
        rows = [tokenizer.encode(text).ids for text in _SAMPLES]
        outside = [id_ for row in rows for id_ in row if id_ not in known]
        if outside:
            raise ArtifactError(
                f"{TOKENIZER} returns the id {outside[0]}, which is not in its vocabulary."
            )
        tokenizer.decode_batch([*rows, sorted(known)[:1_000]])
