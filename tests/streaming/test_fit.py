"""Pipelines fitted on files are like those fitted on the same rows in memory."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from agnews_sk import (
    NgramVectorizer,
    explain,
    load,
    load_texts,
    make_news,
    make_tfidf_pipeline,
    save,
)
from agnews_sk.sampling import DuplicateFilter, LengthFilter, MissingTextFilter, SamplerChain
from agnews_sk.streaming import fit_files
from agnews_sk.streaming._duplicates import find_duplicates
from agnews_sk.streaming._vectors import Vectors
from agnews_sk.vectorization import NgramUnion
from tests.streaming.conftest import (
    TEXT,
    as_frame,
    assert_same_model,
    assert_same_vocabulary,
    make_quick,
    train,
)


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Rows that suffice for tests of equality, their labels, and a file of them."""
    path = tmp_path_factory.mktemp("files") / "some.parquet"
    X, y = make_news(300, random_state=0, duplicates=0.1, return_X_y=True)
    as_frame(X, y).write_parquet(path)
    return X, y, path


@pytest.fixture(scope="module")
def quick(file):
    """Trained on all rows; not to be changed."""
    return train(make_quick(), file)


@pytest.fixture(scope="module")
def quick_on_some(some):
    """Trained on some rows; not to be changed."""
    return train(make_quick(), some[2], rows_per_block=100)


def test_the_model_is_that_of_fit_within_its_tolerance(news, file):
    pipeline = make_tfidf_pipeline(classify__tol=1e-7, classify__max_iter=500)
    found, expected = train(pipeline, file), clone(pipeline).fit(*news)
    assert_same_vocabulary(found, expected)
    one, other = found["classify"], expected["classify"]
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.n_features_in_ == other.n_features_in_
    error = np.linalg.norm(one.coef_ - other.coef_) / np.linalg.norm(other.coef_)
    assert error < 0.005
    assert one.temperature_ == pytest.approx(other.temperature_, rel=0.15)
    new, _ = make_news(2_000, random_state=1, return_X_y=True)
    assert (found.predict(new) == expected.predict(new)).mean() > 0.985


def test_accuracy_on_new_rows_is_that_of_fit(news, file):
    found, expected = train(make_tfidf_pipeline(), file), make_tfidf_pipeline().fit(*news)
    new, y = make_news(5_000, random_state=1, return_X_y=True)
    assert found.score(new, y) == pytest.approx(expected.score(new, y), abs=0.005)


CHINESE = ["石油价格上涨", "石油股票下跌", "决赛今晚举行", "冠军属于我们", "价格上涨", "今晚决赛"]
UNDIVIDED = ["ab-cd-ef-gh-ij-kl-mn-op", "qr-st-uv-wx-yz-ab-cd-ef"]


@pytest.mark.parametrize(
    ("texts", "vectorizer"),
    [
        (None, NgramUnion(words=NgramVectorizer(max_features=300, ngram_range=(1, 3)))),
        (None, NgramUnion(units="words", words=NgramVectorizer(min_df=3, max_df=0.2, binary=True))),
        (None, NgramUnion(units="characters")),
        (None, NgramUnion(units="both", character_weight=0.5)),
        (None, NgramVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, dtype=np.float32)),
        (None, NgramVectorizer(stop_words="english", supervised=True, norm="l1")),
        (None, NgramVectorizer(ngram_range=(2, 2), use_idf=False, norm=None, sublinear_tf=True)),
        (None, NgramVectorizer(token_pattern=r"[a-z]+ [a-z]+")),
        (CHINESE * 5, NgramUnion()),
        (["oil up", "cup won", "oil down", "cup lost"] * 3, NgramUnion()),
        (["! ?", "? !", "; ,", "- -"] * 3, NgramUnion()),
    ],
    ids=[
        "most frequent words",
        "limits of frequency",
        "characters",
        "both",
        "whole texts",
        "stop words",
        "counts of pairs",
        "words with spaces",
        "Chinese",
        "few texts",
        "no words",
    ],
)
def test_n_grams_and_weights_are_exactly_those_of_fit(some, tmp_path, texts, vectorizer):
    if texts is None:
        X, y, _ = some
        texts = (X["title"].fillna("") + " " + X["description"].fillna("")).tolist()
    else:
        y = np.tile(["a", "b"], len(texts))[: len(texts)]
    pl.DataFrame({"text": texts, "label": list(y)}).write_parquet(tmp_path / "a.parquet")
    pipeline = make_quick(vectorize=vectorizer)
    found = train(
        pipeline, tmp_path / "a.parquet", text="text", rows_per_block=7 * len(texts) // 30
    )
    expected = clone(pipeline).fit(texts, y)
    assert_same_vocabulary(found, expected)
    for name in ("units_", "reason_", "character_weight_"):
        if hasattr(expected["vectorize"], name):
            assert getattr(found["vectorize"], name) == getattr(expected["vectorize"], name)
    features = found[:-1].transform(texts), expected[:-1].transform(texts)
    np.testing.assert_array_equal(features[0].toarray(), features[1].toarray())


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "arrow", "tsv", "json"])
def test_every_format_gives_the_same_model(some, quick_on_some, tmp_path, ending):
    X, y, _ = some
    frame, path = as_frame(X, y).to_pandas(), tmp_path / f"news.{ending}"
    if ending.startswith("csv"):
        frame.to_csv(path, index=False)
    elif ending == "tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif ending == "arrow":
        pl.from_pandas(frame).write_ipc(path)
    else:
        frame.to_json(path, orient="records", lines=ending == "jsonl")
    found = train(make_quick(), path, rows_per_block=100)
    assert_same_vocabulary(found, quick_on_some)
    assert_same_model(found, quick_on_some)


def test_columns_are_recognized_and_files_are_read_as_one(some, quick_on_some, tmp_path):
    frame = as_frame(*some[:2])
    frame[:130].write_csv(tmp_path / "train-0.csv")
    frame[130:].write_csv(tmp_path / "train-1.csv")
    for paths in (tmp_path, f"{tmp_path}/train-*", sorted(tmp_path.iterdir())):
        found = fit_files(make_quick(), paths, rows_per_block=100)
        assert found["join"].columns_ == TEXT
        assert_same_vocabulary(found, quick_on_some)


@pytest.mark.parametrize("labels", [[3, 1], [True, False], ["1", "x"], ["a b", "ä"]], ids=repr)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_labels_are_those_of_load_texts(tmp_path, labels, ending):
    path = tmp_path / f"a.{ending}"
    frame = pl.DataFrame({"text": ["oil up", "cup won"] * 20, "kind": labels * 20})
    getattr(frame, {"jsonl": "write_ndjson"}.get(ending, f"write_{ending}"))(path)
    names = {"text": "text", "label": "kind"}
    found = fit_files(make_quick(), path, rows_per_block=7, **names)
    expected = make_quick().fit(*load_texts(path, return_X_y=True, **names))
    assert found.classes_.tolist() == expected.classes_.tolist()
    assert found.classes_.dtype == expected.classes_.dtype
    assert found.predict(["oil"]).tolist() == [labels[0]]


def test_agnews_files_get_the_names_of_its_classes(tmp_path):
    text = "Reports of the class say more than its title"
    rows = [f'"{1 + i % 4}","A title of class{i % 4}","{text} {i}."' for i in range(40)]
    (tmp_path / "train.csv").write_text("\n".join(rows) + "\n")
    found = fit_files(make_quick(), tmp_path, rows_per_block=9)
    assert found.classes_.tolist() == ["Business", "Sci/Tech", "Sports", "World"]


@pytest.mark.parametrize(
    "sampler",
    [
        LengthFilter(min_words=12),
        MissingTextFilter(how="any"),
        DuplicateFilter(),
        SamplerChain([("long", LengthFilter(min_words=8)), ("once", DuplicateFilter())]),
        "passthrough",
    ],
    ids=["length", "missing", "duplicates", "chain", "none"],
)
def test_filters_drop_the_rows_that_they_drop_in_fit(some, sampler):
    X, y, path = some
    pipeline = make_quick(filter=sampler)
    found = train(pipeline, path, rows_per_block=70)
    assert_same_vocabulary(found, clone(pipeline).fit(X, y))


def test_a_class_whose_rows_are_all_dropped_is_no_class(tmp_path):
    path = tmp_path / "a.csv"
    rows = ["text,label", *["oil is up,a", "cup was won,b"] * 20, "no,c", "Oil is up!,d"]
    path.write_text("\n".join(rows) + "\n")
    chain = SamplerChain([("long", LengthFilter()), ("once", DuplicateFilter())])
    pipeline = make_quick(filter=chain)
    with pytest.warns(UserWarning, match=r"all rows of the classes \['c', 'd'\]"):
        found = train(pipeline, path, text="text", rows_per_block=10)
    assert found.classes_.tolist() == ["a", "b"]


def test_duplicates_are_found_in_ranges_that_fit_in_memory(some, monkeypatch):
    pipeline, path = make_quick(filter=DuplicateFilter()), some[2]
    whole = train(pipeline, path, rows_per_block=70)
    monkeypatch.setitem(find_duplicates.__kwdefaults__, "entries", 50)
    monkeypatch.setitem(Vectors.__init__.__kwdefaults__, "entries", 5_000)
    parts = train(pipeline, path, rows_per_block=70)
    assert_same_vocabulary(parts, whole)
    assert_same_model(parts, whole)


def test_the_result_is_saved_served_and_explained_as_others_are(news, quick, tmp_path):
    found = quick
    loaded = load(save(found, tmp_path / "model"))
    X = news[0][:50]
    np.testing.assert_array_equal(loaded.predict_proba(X), found.predict_proba(X))
    assert explain(found, ["Oil prices rise"]).frame["word"].tolist()[:2] == ["Oil", "prices"]
    assert found.predict([None]).tolist()[0] in found.classes_


def test_the_given_pipeline_stays_as_it_is(file):
    pipeline = make_quick()
    train(pipeline, file)
    with pytest.raises(NotFittedError, match="fit"):
        pipeline.predict(["oil"])


def test_the_size_of_blocks_and_threads_change_only_the_order_of_sums(file):
    one = train(make_quick(), file, rows_per_block=1_200)
    other = train(make_quick(classify__n_jobs=1), file, rows_per_block=100)
    assert_same_vocabulary(one, other)
    np.testing.assert_allclose(one["classify"].coef_, other["classify"].coef_, atol=0.02)


def test_progress_is_reported_before_each_block(file):
    seen = []
    train(make_tfidf_pipeline(), file, progress=lambda *done: seen.append(done))
    assert [done for done in seen if done[0] == "reading rows"] == [
        ("reading rows", i, None) for i in range(5)
    ]
    assert ("counting n-grams", 4, 5) in seen
    assert any("held-out log loss 0." in stage for stage, _, _ in seen)


def test_broken_rows_are_an_error_or_are_skipped_with_a_warning(tmp_path):
    path = tmp_path / "a.csv"
    rows = ["text,label", *["oil up,a", "cup won,b"] * 20, "no label,", "cup,b"]
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(ValueError, match=r"a\.csv, line 42: label is missing.*on_bad_rows"):
        train(make_quick(), path, text="text", rows_per_block=10)
    with pytest.warns(UserWarning, match=r"Skipped 1 broken row; the first is .*line 42"):
        found = train(make_quick(), path, text="text", rows_per_block=10, on_bad_rows="skip")
    assert found.predict(["cup"]).tolist() == ["b"]


def test_files_without_rows_to_train_on_are_rejected(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n")
    with pytest.raises(ValueError, match="No rows in"):
        train(make_quick(), path, text="text")
    path.write_text("text,label\n ,a\n,b\n")
    with pytest.raises(ValueError, match="the samplers drop all others"):
        train(make_quick(), path, text="text")
    path.write_text("text,label\noil,a\ncup,a\n")
    with pytest.raises(ValueError, match="at least 2 classes"):
        train(make_quick(), path, text="text")


def test_a_column_that_is_the_labels_is_rejected(tmp_path):
    path = tmp_path / "a.csv"
    frame = pd.DataFrame({"text": ["oil up", "cup"] * 9, "copy": ["a", "b"] * 9})
    frame.assign(label=frame["copy"]).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"'copy'.* holds the labels"):
        train(make_quick(), path, text=["text", "copy"])


def test_several_labels_per_row_are_rejected(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "oil", "label": ["a", "b"]}\n{"text": "cup", "label": []}\n')
    with pytest.raises(ValueError, match=r"several labels per row.*use fit"):
        train(make_quick(), path, text="text")


def test_a_file_that_has_faulty_rows_only_is_not_passed_over(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\nbroken\n")
    (tmp_path / "b.csv").write_text("text,label\n" + "oil up,a\ncup won,b\n" * 20)
    paths = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"a\.csv, line 2: expected 2 fields, got 1"):
        train(make_quick(), paths, text="text")
    with pytest.warns(UserWarning, match=r"Skipped 1 broken row; the first is .*a\.csv, line 2"):
        found = train(make_quick(), paths, text="text", on_bad_rows="skip")
    assert found.classes_.tolist() == ["a", "b"]
    assert found["join"].columns_ == ["text"]


def test_a_block_may_have_a_different_class_in_each_row(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f'"{1 + i % 40}","A title","Words of class{i % 40} and row{i}."' for i in range(100)]
    path.write_text("\n".join(rows) + "\n")
    found = train(make_quick(), path, text=None, label=None, rows_per_block=88)
    assert found.classes_.tolist() == list(range(1, 41))
    rows = [f'"{i}","A title","Words of class{i % 5} and row{i}."' for i in range(30)]
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(ValueError, match="each of its 30 rows has a different number there"):
        train(make_quick(), path, text="description", label="class", rows_per_block=7)


def test_two_vectorizers_with_the_same_analyzer_learn_their_own_n_grams(news, tmp_path):
    texts = news[0]["description"].fillna("")[:200].tolist()
    pl.DataFrame({"text": texts, "label": list(news[1][:200])}).write_parquet(
        tmp_path / "a.parquet"
    )
    short = NgramVectorizer(analyzer="char_wb", ngram_range=(1, 2))
    pipeline = make_quick(vectorize=NgramUnion(units="both", words=short))
    found = train(pipeline, tmp_path / "a.parquet", text="text", rows_per_block=70)
    assert_same_vocabulary(found, clone(pipeline).fit(texts, news[1][:200]))


@pytest.mark.parametrize(
    ("option", "error", "message"),
    [
        ({"rows_per_block": 0}, ValueError, "at least 1, got 0"),
        ({"rows_per_block": 2.5}, TypeError, "must be an integer, got 2.5"),
        ({"rows_per_block": "ten"}, TypeError, "must be an integer, got 'ten'"),
        ({"rows_per_block": True}, TypeError, "must be an integer, got True"),
        ({"path": []}, ValueError, r"paths must be a file or several, got \[\]"),
        ({"work_folder": __file__}, ValueError, "work_folder must be a folder, got"),
    ],
    ids=["none", "fraction", "text", "boolean", "no files", "file"],
)
def test_values_out_of_range_are_refused(file, option, error, message):
    with pytest.raises(error, match=message):
        train(make_quick(), **{"path": file, **option})
