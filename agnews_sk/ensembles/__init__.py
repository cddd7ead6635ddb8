"""Classifiers made of several: cascades of a fast and a slow one, students of a teacher."""

from agnews_sk._core.public import publish
from agnews_sk.ensembles._cascade import CascadeClassifier
from agnews_sk.ensembles._distilled import DistilledClassifier
from agnews_sk.ensembles._teaching import make_soft_labels

__all__ = ["CascadeClassifier", "DistilledClassifier", "make_soft_labels"]

publish(__name__)
