"""Turn texts into tokens and tokens into ids, as ragged columns."""

from agnews_sk._core.public import publish
from agnews_sk.tokenization._chunks import Chunks
from agnews_sk.tokenization._encoded_tokens import (
    EncodedTokens,
    drop_tokens,
    encode_tokens,
    is_ragged,
)
from agnews_sk.tokenization._model_input import (
    CHUNK_OVERLAP,
    CHUNKS_OF_PAIRS,
    MAX_CHUNKS,
    MOST_CHUNKS,
    TRUNCATIONS,
    WHOLE_TEXT,
    ModelInput,
    SpecialTokens,
    find_special_tokens,
)
from agnews_sk.tokenization._segmentation import (
    RECORDED_NAME,
    SEGMENTERS,
    Segmenter,
    Span,
    segmenter_to_fit,
    segmenter_to_show,
    segmenter_to_transform,
    warn_of_bigrams,
    word_spans,
)
from agnews_sk.tokenization._subword import PretrainedTokenizer, SubwordTokenizer
from agnews_sk.tokenization._vocabulary import Vocabulary
from agnews_sk.tokenization._word_statistics import (
    MOSTLY,
    undivided_share,
    warn_of_undivided,
    word_statistics,
)
from agnews_sk.tokenization._word_tokenizer import WordTokenizer
from agnews_sk.tokenization._words import (
    WORD_PATTERN,
    find_words,
    lower_case,
    split_words,
    squeeze_spaces,
    words_of_few,
)

__all__ = ["PretrainedTokenizer", "SubwordTokenizer", "Vocabulary", "WordTokenizer"]

publish(__name__, "Chunks", "ModelInput", "SpecialTokens")
