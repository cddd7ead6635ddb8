"""Join columns and clean texts, in estimators that change cells and keep all rows."""

from agnews_sk._core.public import publish
from agnews_sk.cleaning._cleaner import TextCleaner
from agnews_sk.cleaning._damage import has_broken_entities, source_of
from agnews_sk.cleaning._joiner import ColumnJoiner
from agnews_sk.cleaning._mixed_joiner import MixedColumnJoiner

__all__ = ["ColumnJoiner", "MixedColumnJoiner", "TextCleaner"]

publish(__name__)
