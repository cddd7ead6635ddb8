"""Samplers that change which rows are trained on: filters drop rows, augmenters add rows."""

# Makes `fit_resample` a method that metadata can be routed to, before samplers are defined.
from agnews_sk._core.imbalanced import imblearn
from agnews_sk._core.public import publish
from agnews_sk.sampling._augmentation import EDAAugmenter
from agnews_sk.sampling._chain import SamplerChain
from agnews_sk.sampling._duplicates import DuplicateFilter, LabelConflictFilter
from agnews_sk.sampling._mask import MaskFilter
from agnews_sk.sampling._minhash import first_linked, near_duplicate_pairs
from agnews_sk.sampling._quality import LengthFilter, MissingTextFilter
from agnews_sk.sampling._row_filter import RowFilter

__all__ = [
    "DuplicateFilter",
    "EDAAugmenter",
    "LabelConflictFilter",
    "LengthFilter",
    "MaskFilter",
    "MissingTextFilter",
    "SamplerChain",
]

publish(__name__)
