"""Rows compared with the reference of a model, at once and one after the other."""

import json

import numpy as np
import pandas as pd
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import DriftMonitor, TextReference, audit_against
from agnews_sk.auditing._text_statistics import N_BINS, STATISTICS, KnownTexts, confidences_of
from agnews_sk.datasets import make_news


@pytest.fixture(scope="module")
def news():
    X, y = make_news(700, random_state=0, return_X_y=True)
    return X.fillna(""), y


@pytest.fixture(scope="module")
def model(news):
    X, y = news
    return make_tfidf_pipeline().fit(X[:200], y[:200])


@pytest.fixture(scope="module")
def reference(model, news):
    return TextReference.of(model, news[0][200:500], news[0][:200])


def shouted(X):
    return X.apply(lambda column: column.str.upper())


def test_words_are_unknown_whatever_their_case_and_trigrams_with_it():
    known = KnownTexts.of(["Oil prices rise"] * 3)
    sure = np.full(3, 0.5)
    bins = known.bins(["OIL PRICES RISE", "gold prices rise", "Oil prices rise"], sure)
    assert bins[:, 0].tolist() == [0, 85, 0]  # a third of 255
    assert bins[0, 2] > bins[1, 2] > bins[2, 2]


@pytest.mark.parametrize("text", ["", "a", "\ud800", "字", "\0\0\0\0"])
def test_any_text_has_statistics(text):
    bins = KnownTexts.of([text, "Oil prices"]).bins([text], np.array([1.0]))
    assert bins.shape == (1, 3)
    assert ((bins >= 0) & (bins < N_BINS)).all()


def test_a_higher_confidence_is_a_higher_bin():
    known = KnownTexts.of(["a"])
    bins = known.bins([""] * 5, np.array([0.0, 0.25, 0.5, 0.999, 1.0]))[:, 1]
    assert (np.diff(bins) > 0).all()


def test_the_confidence_of_label_sets_is_that_of_each_decision():
    found = confidences_of(None, np.array([[0.9, 0.2], [0.4, 0.5]]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(found, [0.85, 0.55])
    assert confidences_of(None, np.array([[0.9, 0.1]])).tolist() == [0.9]


def test_probabilities_that_are_not_finite_are_rejected():
    with pytest.raises(ValueError, match="probabilities that are not finite"):
        confidences_of(None, np.array([[np.nan, 0.5]]))


def test_a_reference_is_the_same_after_json(reference):
    again = TextReference.from_dict(json.loads(json.dumps(reference.to_dict())))
    np.testing.assert_array_equal(again.counts, reference.counts)
    np.testing.assert_array_equal(again.known.words, reference.known.words)
    np.testing.assert_array_equal(again.known.costs, reference.known.costs)
    assert again.means == reference.means
    assert again.n_texts == 300


def test_a_reference_is_small_and_holds_no_text(reference, news):
    content = json.dumps(reference.to_dict())
    assert len(content) < 40_000
    words = {word for text in news[0]["description"] for word in text.split() if len(word) > 6}
    assert not any(word in content for word in words)


def test_without_training_rows_half_of_the_rows_are_known(model, news):
    assert TextReference.of(model, news[0][200:500]).n_texts == 150


def test_references_of_the_same_rows_agree(model, news, reference):
    again = TextReference.of(model, news[0][200:500], news[0][:200])
    np.testing.assert_array_equal(again.counts, reference.counts)


def test_too_few_rows_are_rejected(model, news):
    with pytest.raises(ValueError, match=r"X must have 100 rows or more .* got 99"):
        TextReference.of(model, news[0][:99])


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("words"),
        lambda c: c.update(format=2),
        lambda c: c.update(words="?"),
        lambda c: c.update(words=c["words"][:-8]),
        lambda c: c.update(costs=3),
        lambda c: c["counts"].update(confidence=[1] * 255),
        lambda c: c["counts"].update(confidence=[-1] * 256),
        lambda c: c["counts"].update(confidence=[0.5] * 256),
        lambda c: c["counts"].update(confidence=[10**30] * 256),
        lambda c: c["counts"].update(confidence=[2] * 256),
        lambda c: c.update(counts={name: [0] * 256 for name in STATISTICS}),
        lambda c: c.update(counts=None),
    ],
)
def test_a_forged_reference_is_rejected(reference, change):
    content = json.loads(json.dumps(reference.to_dict()))
    change(content)
    with pytest.raises(ValueError, match=r"^this is no reference of texts: .*\.$"):
        TextReference.from_dict(content)


def test_no_reference_at_all_is_rejected():
    with pytest.raises(ValueError, match="no reference of texts"):
        TextReference.from_dict(["words"])


def test_rows_like_the_reference_do_not_differ(model, reference, news):
    report = audit_against(model, news[0][500:], reference)
    assert not report.drifted
    assert report.tests["superiority"].between(0.4, 0.6).all()
    assert report.frame["share"].max() < 0.05
    assert list(report.frame.index) == list(STATISTICS) == list(report.tests.index)


def test_rows_in_capitals_differ_by_their_trigrams(model, reference, news):
    report = audit_against(model, shouted(news[0][500:]), reference)
    assert report.drifted
    assert report.tests["p_value"].idxmin() == "rare_ngrams"


def test_the_most_unusual_rows_are_found_first(model, reference, news):
    frame = news[0][500:].reset_index(drop=True)
    frame.loc[7] = ["zzyx qwrt", "vbnm kjhg"]
    finding = audit_against(model, frame, reference)["unknown_words"]
    assert finding.rows[0] == 7
    assert finding.examples["value"].iloc[0] == 1.0
    assert "zzyx" in finding.examples["text"].iloc[0]
    assert not finding.keep[7]


def test_the_order_of_rows_does_not_matter(model, reference, news):
    rows = news[0][500:]
    one = audit_against(model, rows, reference).tests
    pd.testing.assert_frame_equal(one, audit_against(model, rows[::-1], reference).tests)


def test_a_drift_report_is_written_like_an_audit(model, reference, news, tmp_path):
    report = audit_against(model, shouted(news[0][500:]), reference)
    report.to_json(tmp_path / "audit.json")
    report.to_html(tmp_path / "audit.html", source="new.csv")
    assert set(json.loads((tmp_path / "audit.json").read_text())["findings"]) == set(STATISTICS)
    assert "new.csv" in (tmp_path / "audit.html").read_text()


def test_no_rows_are_rejected(model, reference):
    with pytest.raises(ValueError, match="X is empty: at least one"):
        audit_against(model, [], reference)


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_a_rate_of_false_alarms_is_between_0_and_1(model, reference, rate):
    with pytest.raises(ValueError, match="max_false_alarms must be between 0 and 1"):
        audit_against(model, ["a"], reference, max_false_alarms=rate)
    with pytest.raises(ValueError, match="max_false_alarms must be between 0 and 1"):
        DriftMonitor(reference, max_false_alarms=rate)


@pytest.mark.slow
def test_tests_of_rows_like_the_reference_rarely_differ(model, news):
    X, _ = make_news(6_000, random_state=1, return_X_y=True)
    n_drifted = 0
    for i in range(20):
        rows = X[300 * i : 300 * (i + 1)]
        made = TextReference.of(model, rows[:150], news[0][:200])
        n_drifted += audit_against(model, rows[150:], made).drifted
    assert n_drifted <= 3  # of 20 at 5 %; 4 or more have a probability of 2 %


# A stream.


def stream(reference_like, seed, n_texts, shift=0):
    """Return the bins of texts of a source, three skewed and dependent whole numbers."""
    rng = np.random.default_rng(seed)
    common = rng.gamma(2.0, 5.0, size=(n_texts, 1))
    bins = common + rng.poisson(reference_like, size=(n_texts, 3))
    return np.clip(bins.astype(int) + shift, 0, N_BINS - 1)


def reference_of(bins):
    counts = np.stack([np.bincount(column, minlength=N_BINS) for column in bins.T])
    return TextReference(KnownTexts.of(["a"]), counts)


def test_a_stream_like_the_reference_rarely_raises_an_alarm():
    n_alarms = 0
    for seed in range(200):
        bins = stream(4.0, seed, 400)
        n_alarms += DriftMonitor(reference_of(bins[:100])).update_bins(bins[100:])
    assert n_alarms <= 10  # 5 %


def test_a_change_within_a_stream_raises_an_alarm_after_it():
    bins = stream(4.0, 0, 600)
    monitor = DriftMonitor(reference_of(bins[:300]))
    assert not monitor.update_bins(bins[300:])
    assert monitor.alarm_at is None
    assert monitor.update_bins(stream(4.0, 1, 200, shift=8))
    assert 300 < monitor.alarm_at < 400
    assert monitor.n_texts == 500
    alarm_at = monitor.alarm_at
    assert monitor.update_bins(stream(4.0, 2, 200))
    assert monitor.alarm_at == alarm_at


@pytest.mark.parametrize("statistic", range(3))
@pytest.mark.parametrize("shift", [-6, 12])
def test_a_change_of_one_statistic_suffices(statistic, shift):
    bins = stream(4.0, 0, 800)
    bins[500:, statistic] = np.clip(bins[500:, statistic] + shift, 0, N_BINS - 1)
    monitor = DriftMonitor(reference_of(bins[:500]))
    assert monitor.update_bins(bins[500:])
    by_statistic = monitor.evidence_by_statistic
    assert max(by_statistic, key=by_statistic.get) == STATISTICS[statistic]


def test_evidence_stays_finite():
    bins = stream(4.0, 0, 500)
    monitor = DriftMonitor(reference_of(bins))
    for _ in range(4):
        monitor.update_bins(np.full((1_000, 3), N_BINS - 1))
        assert 0 < monitor.evidence < np.inf


def test_a_stream_may_come_in_any_pieces(model, reference, news):
    texts = [" ".join(row) for row in news[0][500:560].to_numpy()]
    probabilities = model.predict_proba(texts)
    whole, pieces = DriftMonitor(reference), DriftMonitor(reference)
    whole.update(texts, probabilities)
    for i in range(len(texts)):
        pieces.update(texts[i : i + 1], probabilities[i : i + 1])
    assert pieces.evidence == pytest.approx(whole.evidence)
    assert pieces.n_texts == 60


def test_a_monitor_leaves_its_reference_unchanged(reference):
    before = reference.counts.copy()
    DriftMonitor(reference).update(["oil"], np.array([[0.2, 0.8]]))
    np.testing.assert_array_equal(reference.counts, before)


def test_the_statistics_of_a_text_do_not_depend_on_the_texts_beside_it(reference, news):
    texts = ["", "a", "ab", "abc", "\ud800x字", *news[0]["title"][:200], "", "zz"]
    confidences = np.linspace(0.3, 1, len(texts))
    alone = [reference.known.bins([t], confidences[[i]])[0] for i, t in enumerate(texts)]
    np.testing.assert_array_equal(reference.known.bins(texts, confidences), alone)


def test_p_values_are_ranks_among_the_reference_and_earlier_texts():
    rng = np.random.default_rng(0)
    reference, bins = rng.integers(0, 5, (20, 3)), rng.integers(0, 5, (150, 3))  # many ties
    monitor = DriftMonitor(reference_of(reference), random_state=1)
    ties = np.random.default_rng(1).random(bins.shape)
    evidence = []
    for i in range(len(bins)):
        seen = np.vstack([reference, bins[: i + 1]])
        p_values = (seen > bins[i]).sum(axis=0) + ties[i] * (seen == bins[i]).sum(axis=0)
        evidence.append(p_values / len(seen))
    monitor.update_bins(bins)
    direct = DriftMonitor(reference_of(reference))
    for p_values in evidence:
        direct._bet(p_values)
    assert monitor.evidence_by_statistic == pytest.approx(direct.evidence_by_statistic)


def test_a_monitor_takes_missing_texts_as_empty(reference):
    monitors = DriftMonitor(reference), DriftMonitor(reference)
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5]])
    monitors[0].update(["oil", None], probabilities)
    monitors[1].update(np.array(["oil", ""]), probabilities)
    assert monitors[0].evidence == monitors[1].evidence
    assert monitors[0].n_texts == 2


@pytest.mark.parametrize(
    ("texts", "probabilities", "message"),
    [
        (["a", "b"], [[0.2, 0.8]], "one row per text, got 1 for 2"),
        (["a"], [0.2, 0.8], r"shape \(n_texts, n_classes\)"),
        ("ab", [[0.2, 0.8]] * 2, "a single str"),
        ([3], [[0.2, 0.8]], "str"),
    ],
)
def test_a_monitor_rejects_what_are_no_texts_and_their_probabilities(
    reference, texts, probabilities, message
):
    monitor = DriftMonitor(reference)
    with pytest.raises((TypeError, ValueError), match=message):
        monitor.update(texts, np.array(probabilities))
    assert monitor.n_texts == 0


def test_a_reference_is_shown_by_its_number_of_texts(reference):
    assert repr(reference) == f"TextReference({reference.n_texts:,} texts)"
