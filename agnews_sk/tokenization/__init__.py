"""Turn texts into tokens and tokens into ids, as ragged columns."""

from agnews_sk._core.public import publish
from agnews_sk.tokenization._chunks import Chunks
from agnews_sk.tokenization._model_input import (
    CHUNK_OVERLAP,
    MAX_CHUNKS,
    MOST_CHUNKS,
    TRUNCATIONS,
    WHOLE_TEXT,
    ModelInput,
    SpecialTokens,
    find_special_tokens,
)
from agnews_sk.tokenization._subword import PretrainedTokenizer, SubwordTokenizer
from agnews_sk.tokenization._vocabulary import Vocabulary
from agnews_sk.tokenization._word_tokenizer import WordTokenizer

__all__ = ["PretrainedTokenizer", "SubwordTokenizer", "Vocabulary", "WordTokenizer"]

publish(__name__, "Chunks", "ModelInput", "SpecialTokens")
