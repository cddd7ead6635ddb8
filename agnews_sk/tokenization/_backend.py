"""Train, load and run tokenizers of the `tokenizers` library, each stored as its JSON.

JSON is the whole state of a tokenizer: estimators that hold it pickle, compare and save without
knowing the library, and it is parsed once per process.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from joblib import cpu_count

from agnews_sk._core.columnar import to_ragged
from agnews_sk._core.pretrained import naming_packages
from agnews_sk._core.text_pairs import split_pair

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

_BATCH_ROWS = 1_024
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 256, 1_000  # looked at for unknown tokens
_NO_LIMIT = 1_000_000  # transformers gives 1e30 as the longest input where there is no limit
_PARALLELISM = "TOKENIZERS_PARALLELISM"  # environment variable that the library reads
_parallelism_lock = threading.RLock()


def encode_texts(tokenizer_json: str, texts: pl.Series, *, text_pair: bool = False) -> pl.Series:
    """Return the ids of each text, encoded in batches by a pool of threads.

    Python's threads run in parallel here, as the library, written in Rust, releases the GIL. Its
    own threads would not survive a fork, see `_without_library_threads`.

    Parameters
    ----------
    tokenizer_json : str
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.
    text_pair : bool, default=False
        Whether to divide texts into two segments, see `split_pair`.

    Returns
    -------
    polars.Series of list of int64 of shape (n_samples,)
        Special tokens included, truncated by the tokenizer, not padded.
    """
    tokenizer = load_tokenizer(tokenizer_json)

    def encode(start: int) -> tuple[np.ndarray, np.ndarray]:
        """Return lengths, of shape (batch,), and flat ids, of shape (n_ids,), of a batch."""
        batch: list[Any] = texts.slice(start, _BATCH_ROWS).to_list()
        if text_pair:
            batch = list(map(_as_input, batch))
        # "Fast" leaves out the offsets of tokens in the text, which are not needed here.
        found = tokenizer.encode_batch_fast(batch)
        lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        ids = chain.from_iterable(one.ids for one in found)
        return lengths, np.fromiter(ids, dtype=np.int64, count=lengths.sum())

    with _without_library_threads(), ThreadPoolExecutor(cpu_count()) as pool:
        lengths, ids = zip(*pool.map(encode, range(0, len(texts), _BATCH_ROWS)))
    return to_ragged(np.concatenate(ids), np.concatenate([[0], *lengths]).cumsum())


def _as_input(text: str) -> str | tuple[str, ...]:
    """Return a text as the library takes it, which is a tuple if it has two segments."""
    segments = tuple(segment.text for segment in split_pair(text))
    return segments if len(segments) == 2 else segments[0]


def separator_ids(tokenizer_json: str) -> tuple[int, ...]:
    """Return the ids of the special tokens between the two texts of a pair.

    Parameters
    ----------
    tokenizer_json : str

    Returns
    -------
    tuple of int
        One of BERT, two of RoBERTa and MPNet; empty if the tokenizer puts nothing there.
    """
    found = load_tokenizer(tokenizer_json).encode("a", "a")
    of_text = found.sequence_ids  # None for special tokens
    if 0 not in of_text or 1 not in of_text:
        return ()
    end_of_first = len(of_text) - of_text[::-1].index(0)
    return tuple(found.ids[end_of_first : of_text.index(1)])


def decode_ids(tokenizer_json: str, ids: pl.Series) -> np.ndarray:
    """Return the texts of ids, without special tokens.

    Parameters
    ----------
    tokenizer_json : str
    ids : polars.Series of list of int of shape (n_samples,)

    Returns
    -------
    ndarray of object of shape (n_samples,)
    """
    with _without_library_threads():
        return np.array(load_tokenizer(tokenizer_json).decode_batch(ids.to_list()), dtype=object)


def unknown_share(tokenizer_json: str, texts: pl.Series, unknown_id: int) -> float:
    """Return the share of the characters of texts that become unknown tokens.

    Parameters
    ----------
    tokenizer_json : str
    texts : polars.Series of str of shape (n_samples,)
        Without nulls. The first ones are looked at.
    unknown_id : int

    Returns
    -------
    float
        0 if no token has characters.
    """
    first = texts.head(_SAMPLE_ROWS).str.head(_SAMPLE_CHARACTERS).to_list()
    with _without_library_threads():
        encoded = load_tokenizer(tokenizer_json).encode_batch(first)
    n_characters = n_unknown = 0
    for one in encoded:
        lengths = [end - start for start, end in one.offsets]  # 0 for special tokens
        n_characters += sum(lengths)
        n_unknown += sum(n for n, id_ in zip(lengths, one.ids) if id_ == unknown_id)
    return n_unknown / n_characters if n_characters else 0.0


@lru_cache(maxsize=8)
def load_tokenizer(tokenizer_json: str) -> "Tokenizer":
    """Return the tokenizer of this JSON, parsed once per process. Callers must not change it."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer_json)


def truncating(tokenizer_json: str, max_length: int | None, *, text_pair: bool = False) -> str:
    """Return the JSON of the tokenizer that truncates to `max_length` and does not pad.

    Parameters
    ----------
    tokenizer_json : str
    max_length : int or None
        In ids, special tokens included; None keeps the tokenizer's own truncation.
    text_pair : bool, default=False
        Whether there must be room for two texts. Of these the longer one is truncated first.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `max_length` leaves no room for a token of each text besides the special ones.
    """
    tokenizer = load_tokenizer.__wrapped__(tokenizer_json)  # a new one, not that of the cache
    tokenizer.no_padding()
    if max_length is not None:
        n_special = tokenizer.num_special_tokens_to_add(text_pair)
        n_texts, more = (2, "one of each text") if text_pair else (1, "one more")
        if max_length < n_special + n_texts:
            raise ValueError(
                f"max_length must be at least {n_special + n_texts} to hold the {n_special} "
                f"special tokens and {more}, got {max_length}."
            )
        tokenizer.enable_truncation(max_length)
    return tokenizer.to_str()


def load_pretrained(model: str) -> tuple[str, dict[str, int | None]]:
    """Return the fast tokenizer of a model and the ids of its special tokens.

    Parameters
    ----------
    model : str
        Folder, or name on the Hugging Face Hub.

    Returns
    -------
    tokenizer_json : str
        It truncates to the longest input of the model.
    special_ids : dict of str to int or None
        Id of each of pad, unk, cls, sep and mask, None where the model has no such token.

    Raises
    ------
    ValueError
        If the model has no fast tokenizer.
    """
    # Dates of a folder's files are part of the key: a tokenizer that was replaced is loaded again.
    files = sorted(Path(model).glob("*token*.json"))
    return _load_pretrained(model, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=8)
def _load_pretrained(model: str, modified: tuple[int, ...]) -> tuple[str, dict[str, int | None]]:
    """Load a tokenizer once per process for each state of its files."""
    from transformers import AutoTokenizer

    with naming_packages(model):
        loaded = AutoTokenizer.from_pretrained(model)
    if not loaded.is_fast:
        raise ValueError(
            f"model={model!r} has no fast tokenizer, only {type(loaded).__name__}; "
            "choose a model with a tokenizer.json."
        )
    tokenizer = loaded.backend_tokenizer
    tokenizer.no_truncation()
    if loaded.model_max_length < _NO_LIMIT:
        tokenizer.enable_truncation(loaded.model_max_length)
    names = ("pad", "unk", "cls", "sep", "mask")
    return tokenizer.to_str(), {name: getattr(loaded, f"{name}_token_id") for name in names}


def train_tokenizer(
    texts: pl.Series, model: str, *, vocab_size: int, lowercase: bool
) -> "Tokenizer":
    """Learn the subwords of texts.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.
    model : {"wordpiece", "bpe", "unigram"}
        WordPiece (Schuster and Nakajima, 2012; as in BERT), byte-level BPE (Sennrich et al.,
        2016; as in GPT-2), or a unigram language model (Kudo, 2018; as in SentencePiece).
    vocab_size : int
        Largest number of ids, those of `SPECIAL_TOKENS` included.
    lowercase : bool

    Returns
    -------
    tokenizers.Tokenizer
        It encodes a text as `[CLS] subwords [SEP]`.
    """
    from tokenizers.processors import TemplateProcessing

    with _without_library_threads():
        tokenizer = _TRAIN[model](texts.to_list(), vocab_size, lowercase)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def _train_wordpiece(texts: list[str], vocab_size: int, lowercase: bool) -> "Tokenizer":
    """Learn a WordPiece tokenizer that normalizes and splits texts as BERT's does.

    Parameters
    ----------
    texts : list of str
    vocab_size : int
        Upper limit, special tokens included.
    lowercase : bool
        Accents are stripped too, as in BERT's uncased models.

    Returns
    -------
    tokenizers.Tokenizer
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    def make(vocabulary: dict[str, int]) -> "Tokenizer":
        """Return the tokenizer with this vocabulary."""
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        return tokenizer

    def learn(size: int, first_tokens: list[str]) -> dict[str, int]:
        """Return a vocabulary of this size in which these tokens have the first ids."""
        tokenizer = make({})
        trainer = trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=first_tokens, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer.get_vocab()

    # The library numbers the continuations, "##x", in the order of a hash table, which differs
    # between processes, and breaks ties by number. So a first run, with room for the alphabet only,
    # finds them, and a second one gets them sorted: training is repeatable.
    alphabet = learn(len(SPECIAL_TOKENS), SPECIAL_TOKENS)
    continuations = sorted(token for token in alphabet if token.startswith("##"))
    tokenizer = make(learn(vocab_size, SPECIAL_TOKENS + continuations))
    tokenizer.add_special_tokens(SPECIAL_TOKENS)
    return tokenizer


def _train_bpe(texts: list[str], vocab_size: int, lowercase: bool) -> "Tokenizer":
    """Learn a byte-level BPE tokenizer; with all 256 bytes in it, no text has unknown parts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = _normalizer("NFC", lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _train_unigram(texts: list[str], vocab_size: int, lowercase: bool) -> "Tokenizer":
    """Learn a unigram tokenizer that marks the begin of words as SentencePiece does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = _normalizer("NFKC", lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL_TOKENS,
        unk_token="[UNK]",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


_TRAIN: dict[str, Callable[[list[str], int, bool], "Tokenizer"]] = {
    "wordpiece": _train_wordpiece,
    "bpe": _train_bpe,
    "unigram": _train_unigram,
}


def _normalizer(form: str, lowercase: bool) -> Any:
    """Return Unicode normalization to a form such as NFC, followed by lower case if requested."""
    from tokenizers import normalizers

    steps = [getattr(normalizers, form)()]
    return normalizers.Sequence([*steps, normalizers.Lowercase()] if lowercase else steps)


@contextmanager
def _without_library_threads() -> Iterator[None]:
    """Keep `tokenizers` from starting threads of its own, unless the user has requested them.

    After it has started any, its older versions warn at every fork of the process. It reads an
    environment variable each time; one that the user has set is left alone.
    """
    with _parallelism_lock:
        if _PARALLELISM in os.environ:
            yield
            return
        os.environ[_PARALLELISM] = "false"
        try:
            yield
        finally:
            del os.environ[_PARALLELISM]
