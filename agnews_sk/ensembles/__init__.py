"""Classifiers made of several classifiers: cascades of a cheap and a dear one."""

from agnews_sk._core.public import publish
from agnews_sk.ensembles._cascade import CascadeClassifier

__all__ = ["CascadeClassifier"]

publish(__name__)
