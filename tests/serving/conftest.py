import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

import numpy as np
import polars as pl

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import save

STORIES = pl.DataFrame(
    {
        "title": ["Oil prices rise", "Bank shares fall", "Cup final tonight", "Coach resigns"],
        "description": ["A barrel is dear.", "Profit was weak.", "The team wins.", "After a loss."],
    }
)
LABELS = ["Business", "Business", "Sports", "Sports"]
SETS = [["oil"], ["war"], ["oil", "war"], []] * 12


def texts_of_sets():
    """Return texts that consist of the labels in SETS and of other words."""
    rng = np.random.default_rng(0)
    other = ["today", "again", "report", "late", "early", "news", "page", "city"]
    return [" ".join([*labels, *rng.choice(other, 4)]) for labels in SETS]


@pytest.fixture(scope="session")
def pipeline():
    """Fitted on titles and descriptions."""
    return make_tfidf_pipeline().fit(STORIES, LABELS)


@pytest.fixture(scope="session")
def saved(pipeline, tmp_path_factory):
    return save(pipeline, tmp_path_factory.mktemp("models") / "tfidf")
