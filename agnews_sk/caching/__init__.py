"""Cache results, such as token ids and embeddings by text, within a limit of bytes."""

from agnews_sk._core.public import publish
from agnews_sk.caching._lru import LRUCache
from agnews_sk.caching._text_cache import TextCache, lend_cache, lent_cache

__all__ = ["TextCache"]

publish(__name__)
