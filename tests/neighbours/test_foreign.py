"""The checks find in estimators of other libraries what is recorded, and the page says so."""

from importlib.metadata import PackageNotFoundError

import pytest

from agnews_sk.testing import text_checks
from tests.neighbours.foreign import BEGIN, END, FOREIGN, PAGE, check, read_record, tables, versions

# Threads collide by chance in an estimator that keeps state while it predicts.
BY_CHANCE = {"check_predict_in_threads"}
# A fit of each loads or runs a model.
SLOW = {"skrub.TextEncoder", "embetter.SentenceEncoder", "embetter.TextEncoder"}


@pytest.fixture(scope="module")
def record():
    return read_record()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in FOREIGN]
)
def test_checks_find_in_an_estimator_what_is_recorded(name, record, tmp_path):
    try:
        installed = versions(name)
    except PackageNotFoundError as missing:
        pytest.skip(f"the package {missing} is not installed")
    if installed != record[name]["versions"]:
        pytest.skip(f"recorded with {record[name]['versions']}, got {installed}")
    found = check(name, tmp_path)
    of_now, recorded = set(found["failed"]), set(record[name]["failed"])
    by_chance = BY_CHANCE & (of_now ^ recorded)
    assert of_now - by_chance == recorded - by_chance
    n_more = len(recorded & by_chance) - len(of_now & by_chance)  # passed now, and not then
    assert found["n_passed"] == record[name]["n_passed"] + n_more


def test_the_record_is_of_all_estimators_and_of_checks_that_exist(record):
    assert list(record) == list(FOREIGN)
    assert {name for found in record.values() for name in found["failed"]} <= set(text_checks())


def test_the_tables_of_the_page_are_those_of_the_record(record):
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == tables(record)
