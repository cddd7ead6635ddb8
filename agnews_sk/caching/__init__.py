"""Caches of computed rows and values, bounded in bytes."""

from agnews_sk._core.public import publish
from agnews_sk.caching._lru import LRUCache
from agnews_sk.caching._text_cache import TextCache

__all__ = ["TextCache"]

publish(__name__)
