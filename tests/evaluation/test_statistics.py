import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from agnews_sk.evaluation._statistics import corrected_t_test, holm, mcnemar_test


def right_rows(both, only_a, only_b, neither):
    a = np.repeat([True, True, False, False], [both, only_a, only_b, neither])
    b = np.repeat([True, False, True, False], [both, only_a, only_b, neither])
    return a, b


@pytest.mark.parametrize(
    ("cells", "test"),
    [((50, 3, 9, 4), "exact"), ((50, 24, 0, 4), "exact"), ((50, 10, 15, 4), "chi2")],
    ids=["few discordant rows", "one below the threshold", "at the threshold"],
)
def test_mcnemar_equals_that_of_statsmodels(cells, test):
    found = mcnemar_test(*right_rows(*cells))
    table = np.reshape(cells, (2, 2))
    assert found[:4] == cells
    assert found.test == test
    assert found.p_value == pytest.approx(mcnemar(table, exact=test == "exact").pvalue, abs=1e-12)


def test_exact_mcnemar_is_the_binomial_test_of_the_discordant_rows():
    found = mcnemar_test(*right_rows(10, 2, 11, 3))
    assert found.p_value == pytest.approx(binomtest(2, 13, 0.5).pvalue, abs=1e-12)
    assert found.effect_size == pytest.approx(2 / 13 - 0.5)


@pytest.mark.parametrize("cells", [(5, 0, 0, 0), (0, 0, 0, 5), (3, 0, 0, 2), (1, 0, 0, 0)])
def test_mcnemar_of_classifiers_that_never_disagree_has_p_of_one(cells):
    found = mcnemar_test(*right_rows(*cells))
    assert (found.p_value, found.effect_size) == (1, 0)


def test_one_discordant_row_is_not_significant():
    found = mcnemar_test(*right_rows(0, 1, 0, 0))
    assert (found.test, found.p_value, found.effect_size) == ("exact", 1, 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_t_test_without_overlap_is_that_of_scipy(seed):
    differences = np.random.default_rng(seed).normal(0.01, 0.02, 10)
    found = corrected_t_test(differences, 0, confidence_level=0.9)
    expected = ttest_1samp(differences, 0)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-10)
    interval = expected.confidence_interval(0.9)
    np.testing.assert_allclose((found.low, found.high), interval, rtol=0, atol=1e-10)
    assert found.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))


def test_overlap_widens_the_interval_as_in_nadeau_and_bengio():
    differences = np.random.default_rng(0).normal(0.01, 0.02, 10)
    plain, corrected = (corrected_t_test(differences, share) for share in (0, 1 / 9))
    widening = np.sqrt((1 / 10 + 1 / 9) / (1 / 10))
    reach = widening * (plain.high - plain.difference)
    assert corrected.high - corrected.difference == pytest.approx(reach, abs=1e-12)
    assert corrected.p_value > plain.p_value


@pytest.mark.parametrize(
    ("differences", "p_value", "effect_size"),
    [([0, 0, 0], 1, 0), ([0.5, 0.5, 0.5], 0, np.inf), ([-0.5, -0.5], 0, -np.inf)],
    ids=["no difference", "always the same difference", "always the same one below"],
)
def test_equal_differences_on_all_folds_have_p_of_zero(differences, p_value, effect_size):
    found = corrected_t_test(differences, 0.25)
    assert (found.p_value, found.effect_size) == (p_value, effect_size)
    assert found.low == found.high == differences[0]


def test_one_split_gives_a_difference_and_no_test():
    found = corrected_t_test([0.02], 0.25)
    assert found.difference == 0.02
    assert np.isnan(found[1:]).all()


@pytest.mark.parametrize("n_tests", [1, 2, 6])
def test_holm_equals_that_of_statsmodels_and_keeps_nan(n_tests):
    p_values = np.random.default_rng(n_tests).random(n_tests) ** 3
    expected = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), expected, rtol=0, atol=1e-12)
    with_gap = holm([*p_values, np.nan])
    np.testing.assert_allclose(with_gap, [*expected, np.nan], rtol=0, atol=1e-12)
    assert holm([]).size == 0
