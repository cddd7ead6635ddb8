"""The separator and quoting that most records of a file agree on."""

import pytest

from agnews_sk.files._dialect import find_dialect
from agnews_sk.files._records import Dialect

TAB = Dialect("\t", splits_broken_quotes=True)
SAMPLES = {
    "comma": ("text,label\na,b\n", Dialect()),
    "semicolon": ("text;label\na, b;c\nd;e\n", Dialect(";", splits_broken_quotes=True)),
    "tab": ("text\tlabel\na,b\tc\n", TAB),
    "pipe": ('text|label\n"a|b"|c\n', Dialect("|", splits_broken_quotes=True)),
    "quotes as text": (
        'text\tlabel\n"a" b\tc\n"d" e\tf\n',
        Dialect("\t", has_quotes=False, splits_broken_quotes=True),
    ),
    "escaped quotes": (
        'text\tlabel\na \\"b\\"\tc\n',
        Dialect("\t", has_quotes=False, escape="\\", splits_broken_quotes=True),
    ),
    "backslashes in quotes": ('text,label\n"a \\"b\\", c",d\n', Dialect(escape="\\")),
    "a backslash before the closing quote": ('"1","a\\","b\\"\n"2","c","d"\n', Dialect()),
    "spaces": ('text, label\n"a, b", c\n', Dialect(skips_spaces=True)),
    "stated": ("SEP=|\ntext|label\na|b\n", Dialect("|", n_before=1, splits_broken_quotes=True)),
    "comment": ("# a; b\n\ntext,label\na,b\n", Dialect(n_before=2)),
    "header with a hash": ("#id,text\n1,a\n", Dialect()),
    "blank lines": (" \n\ntext,label\na,b\n", Dialect(n_before=2)),
    "one column": ("text\nHello; you\nAnd; me\n", Dialect()),
    "one column with commas": ("text\nHello, you\nAnd me\n", Dialect()),
    "nothing": ("", Dialect()),
    "blank": ("\n \n", Dialect()),
}


@pytest.mark.parametrize(("sample", "dialect"), SAMPLES.values(), ids=list(SAMPLES))
def test_the_dialect_is_that_of_most_records(sample, dialect):
    assert find_dialect(sample, is_cut=False) == dialect


def test_the_separator_of_the_ending_comes_first():
    assert find_dialect("a,b\tc\nd,e\tf\n", is_cut=False).sep == ","
    assert find_dialect("a,b\tc\nd,e\tf\n", is_cut=False, usual="\t").sep == "\t"
    assert find_dialect("text\n", is_cut=False, usual="\t").sep == "\t"


def test_the_caller_knows_the_separator_and_the_file_how_it_is_quoted():
    sample = 'text^label\n"a^b"^c\n'
    found = find_dialect(sample, is_cut=False, sep="^")
    assert (found.sep, found.has_quotes) == ("^", True)
    assert find_dialect("text,label\n", is_cut=False, sep=";").sep == ";"


def test_a_record_that_is_cut_is_not_held_against_a_dialect():
    whole = 'text,label\n"a\nb",c\n' * 5
    assert find_dialect(whole + '"an open\nquote; and\n', is_cut=True) == Dialect()
    rows = "text;label\na;b\n" * 5
    assert find_dialect(rows + "a, half of a li", is_cut=True).sep == ";"
