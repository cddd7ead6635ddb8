import csv
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.labelling import ActiveLearner, LabellingSession
from agnews_sk.labelling._progress import Item
from agnews_sk.vectorization import NgramVectorizer

WORDS = {"oil": ["price", "barrel", "refinery"], "cup": ["goal", "final", "team"]}
TRUTH = ["oil" if i % 2 else "cup" for i in range(60)]
TEXTS = [f"{WORDS[label][i % 3]} number {i}" for i, label in enumerate(TRUTH)]


class Slow(LogisticRegression):
    """Fits once it may."""

    may = threading.Event()

    def fit(self, X, y):
        self.may.wait(10)
        return super().fit(X, y)


def start(path, *, classes=("oil", "cup"), estimator=None, texts=TEXTS, batch_size=4, **params):
    pipeline = make_pipeline(NgramVectorizer(), estimator or LogisticRegression())
    params = {"random_state": 0, "n_initial": 4, "cv": 2} | params
    learner = ActiveLearner(pipeline, **params)
    return LabellingSession(texts, path, learner, classes=classes, batch_size=batch_size)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.csv"


def label_some(session, n):
    for _ in range(n):
        row = session.current().row
        session.label(row, TRUTH[row])
        session.wait()


def test_a_session_labels_all_rows_and_measures_the_accuracy(path):
    with start(path) as session:
        label_some(session, 60)
        assert session.current() is None
        progress = session.progress()
    assert (progress.n_labelled, progress.n_rows, progress.stop_reason) == (60, 60, "done")
    assert progress.counts == {"oil": 30, "cup": 30}
    assert progress.estimate.n_rows == 60
    assert progress.estimate.accuracy > 0.9
    assert progress.fault == ""
    assert not progress.is_fitting


def test_random_rows_come_without_a_suggestion_and_others_with_one(path):
    with start(path, random_share=0.5) as session:
        label_some(session, 8)
        shown = []
        for _ in range(12):
            item = session.current()
            shown.append(item)
            session.label(item.row, TRUTH[item.row], suggested=item.suggested or "")
            session.wait()
    kinds = {item.chosen_by: item.suggested is None for item in shown}
    assert kinds == {"random": True, "margin": False}
    chosen = [item for item in shown if item.suggested]
    assert all(0.5 <= item.probability <= 1 for item in chosen)
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))[8:]
    assert [line["suggested"] or None for line in lines] == [item.suggested for item in shown]
    assert [line["chosen_by"] for line in lines] == [item.chosen_by for item in shown]


def test_nobody_waits_for_a_classifier(path):
    Slow.may.clear()
    with start(path, estimator=Slow()) as session:
        for _ in range(12):
            row = session.current().row
            session.label(row, TRUTH[row])
        assert session.progress().is_fitting
        assert session.progress().n_labelled == 12
        Slow.may.set()
        session.wait()
        assert not session.progress().is_fitting
        assert session.current().suggested is not None or session.current().chosen_by == "random"


def test_the_text_that_is_shown_stays_when_a_classifier_chooses_others(path):
    Slow.may.clear()
    with start(path, estimator=Slow(), n_initial=2) as session:
        for _ in range(4):
            session.label(session.current().row, TRUTH[session.current().row])
        shown = session.current()
        Slow.may.set()
        session.wait()
        assert session.current() == shown


def test_a_session_resumes_where_it_was_closed(path):
    with start(path) as session:
        label_some(session, 9)
        session.mark_unsure(unsure := session.current().row)
        session.wait()
        before, labels = session.progress(), session.labels
    with start(path, classes=()) as session:
        session.wait()
        assert session.labels == labels
        after = session.progress()
        assert (after.n_labelled, after.n_unsure) == (9, 1)
        assert set(after.counts) == set(before.counts)
        assert session.current().row not in {*labels, unsure}
        assert after.estimate is not None


def test_undo_takes_back_the_last_decision_of_any_kind(path):
    with start(path) as session:
        label_some(session, 5)
        rows = [session.current().row]
        session.label(rows[0], "oil")
        rows.append(session.current().row)
        session.mark_unsure(rows[1])
        rows.append(session.current().row)
        session.skip(rows[2])
        session.wait()
        assert session.progress().n_skipped == 1
        for row in reversed(rows):
            assert session.undo() == row
            assert session.current().row == row
        progress = session.progress()
        assert (progress.n_labelled, progress.n_unsure, progress.n_skipped) == (5, 0, 0)
        for _ in range(5):
            assert session.undo() is not None
        assert session.undo() is None
        assert session.labels == {}
        session.wait()


def test_a_row_that_was_undone_is_shown_as_it_was_chosen(path):
    with start(path, random_share=0) as session:
        label_some(session, 12)
        item = session.current()
        assert item.chosen_by == "margin"
        session.label(item.row, "oil", suggested=item.suggested)
        session.undo()
        assert session.current() == item
        session.label(item.row, "cup")
    with start(path) as session:
        session.undo()
        assert session.current().chosen_by == "margin"


def test_an_undo_opens_a_pool_that_was_done(path):
    with start(path, texts=TEXTS[:8]) as session:
        label_some(session, 8)
        assert session.progress().stop_reason == "done"
        session.undo()
        assert session.progress().stop_reason is None


def test_what_was_undone_is_not_fitted_on(path):
    with start(path) as session:
        label_some(session, 8)
        row = session.current().row
        session.label(row, "cup" if TRUTH[row] == "oil" else "oil")
        session.undo()
        label_some(session, 8)
        session.wait()
        learner = session.learner
    known = {i: label for i, label in enumerate(learner.y_) if label is not None}
    assert known == {i: TRUTH[i] for i in known}


def test_skipped_rows_come_back_in_the_next_session_only(path):
    with start(path, texts=TEXTS[:6]) as session:
        session.skip(session.current().row)
        label_some(session, 5)
        assert session.current() is None
    with start(path, texts=TEXTS[:6]) as session:
        session.wait()
        label_some(session, 1)
        assert session.current() is None
        assert session.progress().n_labelled == 6


def test_unsure_rows_are_never_shown_again(path):
    with start(path, texts=TEXTS[:6]) as session:
        session.mark_unsure(row := session.current().row)
    with start(path, texts=TEXTS[:6]) as session:
        seen = set()
        while (item := session.current()) is not None:
            seen.add(item.row)
            session.label(item.row, "oil")
        assert seen == set(range(6)) - {row}


def test_the_sample_goes_on_after_unsure_rows_and_a_fit_that_fails(path):
    class BrokenOnce(LogisticRegression):
        n_fits = 0

        def fit(self, X, y):
            BrokenOnce.n_fits += 1
            if BrokenOnce.n_fits == 1:
                raise RuntimeError("no memory")
            return super().fit(X, y)

    with start(path, estimator=BrokenOnce(), strategy="random") as session:
        session.mark_unsure(session.current().row)
        label_some(session, 11)
        assert session.progress().estimate.n_rows == 11


def test_a_row_is_decided_once(path):
    with start(path) as session:
        row = session.current().row
        session.label(row, "oil")
        for decide in (lambda: session.label(row, "cup"), lambda: session.skip(row)):
            with pytest.raises(ValueError, match=f"row must be one without a label, got {row}"):
                decide()
        with pytest.raises(ValueError, match="row must be one without a label, got 60"):
            session.mark_unsure(60)
        with pytest.raises(ValueError, match=r"label must be one of \['oil', 'cup'\], got 'tin'"):
            session.label(session.current().row, "tin")
        with pytest.raises(ValueError, match=r"suggested must be one of .*, got '=1'"):
            session.label(session.current().row, "oil", suggested="=1")
        assert session.labels == {row: "oil"}


def test_labels_are_added_and_imported(path):
    with start(path, classes=()) as session:
        session.add_class("oil")
        with pytest.raises(ValueError, match="there is a label 'oil' already"):
            session.add_class("oil")
        with pytest.raises(ValueError, match="printable"):
            session.add_class(" ")
        assert session.import_labels({i: TRUTH[i] for i in range(10)}) == 10
        assert session.import_labels({i: TRUTH[i] for i in range(12)}) == 2
        session.wait()
        assert session.classes == ["oil", "cup"]
        assert session.progress().n_labelled == 12
        assert session.current().row not in range(12)
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert {line["chosen_by"] for line in csv.DictReader(file)} == {"imported"}


def test_added_labels_keep_their_places_in_the_next_session(path):
    with start(path, classes=["oil"]) as session:
        for name in ("war", "tin", "cup"):
            session.add_class(name)
        session.label(0, "cup")
        session.label(1, "oil")
    with start(path, classes=["oil"]) as session:
        assert session.classes == ["oil", "war", "tin", "cup"]
    with start(path, classes=["cup"]) as session:
        assert session.classes == ["cup", "oil", "war", "tin"]


def test_a_label_that_cannot_be_kept_is_not_added(path):
    with start(path) as session:
        (path.parent / ".labels.classes.json").mkdir()
        with pytest.raises(OSError, match="directory"):
            session.add_class("tin")
        assert session.classes == ["oil", "cup"]


def test_a_label_that_no_text_has_is_removed_for_good(path):
    with start(path, classes=["oil"]) as session:
        for name in ("tin", "cup"):
            session.add_class(name)
        session.label(0, "cup")
        with pytest.raises(ValueError, match="1 texts have the label 'cup'; undo them"):
            session.remove_class("cup")
        with pytest.raises(ValueError, match=r"name must be one of .*, got 'zinc'"):
            session.remove_class("zinc")
        session.remove_class("tin")
        assert session.classes == list(session.progress().counts) == ["oil", "cup"]
        with pytest.raises(ValueError, match="label must be one of"):
            session.label(1, "tin")
        session.undo()
        session.remove_class("cup")
    with start(path, classes=["oil"]) as session:
        assert session.classes == ["oil"]


def test_a_removed_label_is_suggested_no_more(path):
    with start(path) as session:
        session.add_class("tin")
        session._queue.appendleft(Item(5, "margin", "tin", 0.7))  # chosen before it is removed
        assert session.current() == Item(5, "margin", "tin", 0.7)
        session.remove_class("tin")
        assert session.current() == Item(5, "margin")


def test_a_label_that_cannot_be_removed_stays(path):
    with start(path) as session:
        (path.parent / ".labels.classes.json").mkdir()
        with pytest.raises(OSError, match="directory"):
            session.remove_class("cup")
        assert session.classes == ["oil", "cup"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({0: "oil", 60: "oil"}, "rows must be from 0 to 59, got 60"),
        ({-1: "oil"}, "rows must be from 0 to 59, got -1"),
        ({0: "tin", 1: "=a"}, "must not begin with '='"),
        ({0: "tin", 1: 3}, "a label must be a string, got 3"),
    ],
    ids=["after the pool", "before the pool", "formula", "integer"],
)
def test_labels_are_imported_all_or_none(path, labels, reason):
    with start(path) as session:
        with pytest.raises((TypeError, ValueError), match=reason):
            session.import_labels(labels)
        assert (session.labels, session.classes) == ({}, ["oil", "cup"])


def test_a_classifier_that_fails_is_reported_and_labelling_goes_on(path):
    class Broken(LogisticRegression):
        def fit(self, X, y):
            raise RuntimeError("no memory")

    with start(path, estimator=Broken()) as session:
        label_some(session, 8)
        progress = session.progress()
        assert progress.fault == "RuntimeError: no memory"
        assert progress.n_labelled == 8
        assert session.current().chosen_by == "random"


def test_columns_of_a_frame_are_columns_of_the_file(path):
    frame = pd.DataFrame({"title": ["oil", None], "body": ["up", "final"]})
    learner = ActiveLearner(LogisticRegression(), random_state=0)
    with LabellingSession(frame, path, learner, classes=["a"]) as session:
        assert session.texts == {"title": ["oil", ""], "body": ["up", "final"]}
        session.label(1, "a")
    with open(path, encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["row"], line["title"], line["body"], line["label"]) == ("2", "", "final", "a")


def test_columns_have_different_names(path):
    frame = pd.DataFrame([["oil", "up"]], columns=["text", "text"])
    with pytest.raises(ValueError, match="the columns of X must have different names, got"):
        start(path, texts=frame)


def test_a_single_text_is_no_pool(path):
    with pytest.raises(TypeError, match=r"X must be .* got a single str"):
        start(path, texts="oil")
    with pytest.raises(TypeError, match="X must hold rows, got a single str"):
        ActiveLearner(LogisticRegression()).fit("oil")


def test_texts_in_an_array_are_one_column(path):
    with start(path, texts=np.array(TEXTS, dtype=object)) as session:
        assert list(session.texts) == ["text"]


def test_a_single_label_is_no_list_of_labels(path):
    with pytest.raises(TypeError, match="classes must be a list of labels, got 'oil'"):
        start(path, classes="oil")


def test_batches_have_at_least_one_row(path):
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        start(path, batch_size=0)


def test_chosen_texts_last_while_the_classifier_is_fitted_on_a_batch(path):
    Slow.may.set()
    with start(path, estimator=Slow(), random_share=0) as session:
        label_some(session, 12)
        Slow.may.clear()
        shown = []
        for _ in range(8):  # the second half is chosen by the classifier before the last batch
            shown.append(session.current().chosen_by)
            session.label(session.current().row, TRUTH[session.current().row])
        Slow.may.set()
        session.wait()
    assert shown.count("random") <= 1


def test_the_first_fit_waits_for_a_batch(path):
    with start(path) as session:
        label_some(session, 3)
        assert session.progress().estimate is None
        label_some(session, 1)
        assert session.progress().estimate.n_rows == 4
