"""Generated news: reproducible, damaged as requested, and as hard as documented."""

import hashlib
import re
from collections import Counter, defaultdict

import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.datasets import load_news_sample, make_news

CLEAN = {"label_noise": 0, "missing": 0, "duplicates": 0, "html": 0}


def joined(data):
    return data["title"].fillna("") + " " + data["description"].fillna("")


def share(column, pattern):
    return column.str.contains(pattern).mean()


@pytest.fixture(scope="module")
def news():
    return make_news(4_000, missing=0, duplicates=0, random_state=0)


def test_news_has_the_shape_of_the_other_loaders():
    bunch = make_news(50, random_state=0)
    assert list(bunch.data.columns) == ["title", "description"]
    assert isinstance(bunch.data, pd.DataFrame)
    assert bunch.target.dtype == object
    assert bunch.target_names == ["World", "Sports", "Business", "Sci/Tech"]
    assert "50 stories" in bunch.DESCR
    X, y = make_news(50, random_state=0, return_X_y=True)
    assert X.equals(bunch.data)
    assert (y == bunch.target).all()


def test_a_seed_writes_the_same_rows_on_every_platform():
    X, y = make_news(300, random_state=0, return_X_y=True)
    rows = "\n".join(joined(X) + " " + y)
    assert hashlib.sha256(rows.encode()).hexdigest() == (
        "13caa8bf7da424b291aebb2aeedaaabe77104a96cb8a9530c0951b4ba046a1b9"
    )


def test_another_seed_writes_other_rows():
    assert not make_news(20, random_state=0).data.equals(make_news(20, random_state=1).data)


def test_classes_are_about_as_frequent(news):
    assert all(900 < count < 1100 for count in Counter(news.target).values())


def test_lengths_are_those_of_real_news(news):
    n_words = news.data.map(lambda text: len(text.split()))
    assert n_words["title"].mean() == pytest.approx(7, abs=0.7)
    assert n_words["description"].mean() == pytest.approx(30, abs=3)
    assert n_words["description"].std() > 5


def test_a_linear_model_gets_between_85_and_95_percent():
    X, y = make_news(4_000, random_state=7, return_X_y=True)
    texts = joined(X)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(tol=1e-3))
    model.fit(texts[:3_000], y[:3_000])
    assert 0.85 <= model.score(texts[3_000:], y[3_000:]) <= 0.95


def test_no_word_determines_a_class():
    X, y = make_news(4_000, **CLEAN, random_state=0, return_X_y=True)
    classes = defaultdict(Counter)
    for text, label in zip(joined(X), y):
        for word in set(re.findall(r"\w+", text.lower())):
            classes[word][label] += 1
    frequent = [counts for counts in classes.values() if counts.total() >= 200]
    assert len(frequent) > 50
    assert all(len(counts) == 4 for counts in frequent)


def test_the_vocabulary_grows_with_the_rows(news):
    words = [set(re.findall(r"\w+", text)) for text in joined(news.data)]
    n_words = [len(set.union(*words[:n])) for n in (500, 1_000, 2_000, 4_000)]
    assert n_words == sorted(n_words)
    assert n_words[3] > 1.2 * n_words[2]


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("description", r"\w #39;s "),
        ("description", r" quot;\w"),
        ("description", r" #36;\d"),
        ("description", r"\\\$\d"),
        ("description", r"\w.\\\w"),
        ("description", r"^(Reuters|AP|AFP|\w+ ?\w+|[\w.]+) - "),
        ("description", r"^ ?\w+ \((Reuters|AP|AFP)\) - "),
        ("title", r" \((Reuters|AP|AFP)\)$"),
        ("description", "<b>.*</b>"),
        ("description", '<a href="[^"]+">.*</a>'),
        ("description", "&lt;b&gt;.*&lt;/b&gt;"),
        ("description", " lt;b gt;.*lt;/b gt;"),
        ("title", r"&lt;b&gt;\.\.\.&lt;/b&gt;$"),
    ],
)
def test_news_is_damaged_as_ag_news_is(news, column, pattern):
    assert (
        0.001 < share(news.data[column], pattern.replace("(", "(?:").replace("\\(?:", "\\(")) < 0.3
    )


@pytest.mark.parametrize("html", [0, 0.1, 1])
def test_html_is_the_share_of_rows_with_tags(html):
    X = make_news(3_000, missing=0, html=html, random_state=0).data
    assert share(X["description"], "<|&lt;| lt;") == pytest.approx(html, abs=0.02)


def test_missing_is_the_share_of_rows_that_lack_a_title_or_a_description():
    gaps = make_news(1_000, missing=0.1, random_state=0).data.isna().sum()
    assert gaps.to_dict() == {"title": 50, "description": 50}


def test_label_noise_is_the_share_of_other_labels():
    noisy, clean = (make_news(1_000, label_noise=x, random_state=0) for x in (0.1, 0))
    assert noisy.data.equals(clean.data)
    assert (noisy.target != clean.target).sum() == 100


def test_duplicates_are_the_share_of_repeated_rows_some_of_them_altered_or_mislabelled():
    X, y = make_news(2_000, **(CLEAN | {"duplicates": 0.3}), random_state=0, return_X_y=True)
    exact = joined(X).duplicated().sum()
    plain = joined(X).str.lower().str.replace(r"[\W_]+", " ", regex=True).str.strip()
    retitled = plain.str.removeprefix("update ")
    assert retitled.duplicated().sum() == 600
    assert exact < plain.duplicated().sum() < 600
    labels = pd.Series(y).groupby(retitled).nunique()
    assert 80 < (labels > 1).sum() <= 120


def test_no_damage_leaves_distinct_whole_rows():
    X = make_news(2_000, **CLEAN, random_state=0).data
    assert not X.isna().any(axis=None)
    assert not joined(X).duplicated().any()


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_few_rows_can_be_written_with_all_damage(n_samples):
    bunch = make_news(n_samples, label_noise=1, missing=1, duplicates=1, html=1, random_state=0)
    assert len(bunch.data) == len(bunch.target) == n_samples


def test_rows_beyond_one_chunk_are_written(monkeypatch):
    monkeypatch.setattr("agnews_sk.datasets._generate._CHUNK", 7)
    bunch = make_news(20, **CLEAN, random_state=0)
    assert len(bunch.data) == 20
    assert not joined(bunch.data).duplicated().any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be a positive integer, got 0"),
        ({"n_samples": 2.5}, "n_samples must be a positive integer, got 2.5"),
        ({"n_samples": 9, "html": 1.5}, r"html must be a fraction in \[0, 1\], got 1.5"),
        ({"n_samples": 9, "missing": -1}, r"missing must be a fraction in \[0, 1\], got -1"),
        ({"n_samples": 9, "duplicates": float("nan")}, "duplicates must be a fraction"),
    ],
    ids=["none", "fraction", "html", "missing", "duplicates"],
)
def test_bad_arguments_are_rejected(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_news(**arguments)


def test_the_sample_is_fixed_and_in_two_disjoint_parts():
    whole, train, test = (load_news_sample(subset=s).data for s in ("all", "train", "test"))
    assert [len(part) for part in (whole, train, test)] == [4_000, 3_000, 1_000]
    assert whole.equals(load_news_sample().data)
    both = pd.concat([train, test])
    assert sorted(joined(both)) == sorted(joined(whole))
    assert not set(joined(train)) & set(joined(test))
    assert list(test.index) == list(range(1_000))


def test_the_parts_of_the_sample_carry_their_labels():
    whole, test = load_news_sample(), load_news_sample(subset="test")
    pairs = set(zip(joined(whole.data), whole.target))
    assert set(zip(joined(test.data), test.target)) <= pairs
    assert all(count == pytest.approx(250, abs=15) for count in Counter(test.target).values())
    assert "1000 stories" in test.DESCR


def test_the_sample_has_no_other_subset():
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test', 'all', got 'val'"):
        load_news_sample(subset="val")
