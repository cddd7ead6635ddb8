"""Calls go down the floors, on the paths that CONTRIBUTING.md shows."""

import re
from pathlib import Path

import pytest

from agnews_sk import PipelineSearchCV, compare_classifiers, load, make_tfidf_pipeline, save
from agnews_sk.datasets import make_news
from agnews_sk.streaming import fit_files
from tests.families import make_pipelines
from tests.paths import floor, is_callback, traced
from tests.structure import FLOORS, ROOT

CONTRIBUTING = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()
BLOCK = re.compile(r"^```text\n(?!\d)(.+)\n((?:\d .*\n)+)```$", re.MULTILINE)
# The paths that are written down: a title, and its lines.
WRITTEN = {title: lines.splitlines() for title, lines in BLOCK.findall(CONTRIBUTING)}


def fit(name):
    def run(tiny_model, folder):
        X, y = make_news(24, random_state=0, return_X_y=True)
        pipeline = make_pipelines(tiny_model)[name]
        return lambda: pipeline.fit(X, y)

    return run


def compare(tiny_model, folder):
    X, y = make_news(48, random_state=0, return_X_y=True)
    classifiers = {
        "pairs": make_tfidf_pipeline(),
        "words": make_tfidf_pipeline(vectorize__words__ngram_range=(1, 1)),
    }
    return lambda: compare_classifiers(classifiers, X[:32], y[:32], X[32:], y[32:], random_state=0)


def search(tiny_model, folder):
    X, y = make_news(32, random_state=0, return_X_y=True)
    searched = PipelineSearchCV(
        make_tfidf_pipeline(), {"classify__C": [0.1, 1.0]}, n_trials=2, cv=2, random_state=0
    )
    return lambda: searched.fit(X, y)


def stream(tiny_model, folder):
    X, y = make_news(24, random_state=0, return_X_y=True)
    X.assign(label=y).to_parquet(folder / "news.parquet")
    columns = {"text": ["title", "description"], "label": "label"}
    return lambda: fit_files(make_tfidf_pipeline(), folder / "news.parquet", **columns)


def saving(tiny_model, folder):
    pipeline = fitted()
    return lambda: save(pipeline, folder / "model")


def loading(tiny_model, folder):
    save(fitted(), folder / "model")
    return lambda: load(folder / "model")


def fitted():
    X, y = make_news(24, random_state=0, return_X_y=True)
    return make_pipelines(None)["scratch"].fit(X, y)


CALLS = {
    "make_tfidf_pipeline().fit(X, y)": fit("tfidf"),
    "make_embedding_pipeline().fit(X, y)": fit("embedding"),
    "make_transformer_pipeline().fit(X, y)": fit("scratch"),
    "make_finetune_pipeline().fit(X, y)": fit("finetune"),
    "compare_classifiers(classifiers, X_train, y_train, X_test, y_test)": compare,
    "PipelineSearchCV(pipeline, space).fit(X, y)": search,
    "fit_files(make_tfidf_pipeline(), paths)": stream,
    'save(pipeline, "model")': saving,
    'load("model")': loading,
}


def trace(title, tiny_model, folder):
    run = CALLS[title](tiny_model, folder)
    run()  # what is imported or computed once
    with traced() as path:
        run()
    return path


@pytest.mark.parametrize("title", CALLS)
def test_calls_follow_the_documented_path_to_lower_floors(
    title, tiny_default, tiny_model, tmp_path
):
    path = trace(title, tiny_model, tmp_path)
    assert [call for call in sorted(path.upward) if not is_callback(*call)] == []
    above = []
    for line in WRITTEN[title]:
        number, spaces, file = re.match(r"(\d)( +)(\S+)", line).groups()
        above = [(depth, caller) for depth, caller in above if depth < len(spaces)]
        assert int(number) == floor(file), file
        assert {caller for _, caller in above} <= path.callers.get(file, {"is never called"}), file
        assert all(floor(caller) >= floor(file) for _, caller in above), file
        above.append((len(spaces), file))


def test_every_documented_path_is_traced():
    assert set(WRITTEN) == set(CALLS)


def test_a_call_to_a_higher_floor_would_be_detected(tiny_default, tiny_model, tmp_path):
    upward = trace("make_tfidf_pipeline().fit(X, y)", tiny_model, tmp_path).upward
    assert ("_core/base.py", "sampling/_row_filter.py") in upward
    assert not is_callback("_core/base.py", "sampling/_quality.py")
    assert not is_callback("cleaning/_cleaner.py", "pipeline.py")


def test_the_picture_shows_the_rooms_of_each_floor():
    (picture,) = re.findall(r"^```text\n((?:\d+ +[a-z_].*\n)+)```$", CONTRIBUTING, re.MULTILINE)
    lines = [line.split() for line in picture.splitlines()]
    shown = {int(number): rooms for number, *rooms in lines}
    assert shown[len(FLOORS) - 1][0] == "agnews_sk"
    for number, rooms in enumerate(FLOORS[:-1]):
        assert set(shown[number][: len(rooms)]) == set(rooms)


def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`(\w+/\w+\.(?:py|toml)|tests/\w+)`", CONTRIBUTING))
    assert len(named) > 15
    assert {n for n in named if not ((ROOT / n).exists() or (ROOT.parent / n).exists())} == set()
