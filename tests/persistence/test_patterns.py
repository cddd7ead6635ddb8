"""Only patterns that cannot take exponential time pass."""

import pytest

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._patterns import check_pattern

QUICK = [
    r"\b\w\w+\b", r"(?u)\b\w\w+\b", r"[A-Za-z]+", r"\S+", r"\w+(?:'\w+)?", r"\w+(?:[-']\w+)*",
    r"\d+(?:\.\d+)?|\w+", r"(?<!\w)\w+", r"\w+@\w+\.\w+|\w+", r"\S+@\S+", r"[^\W\d_]+",
    r"#\w+|@\w+|\w+", r"(?i)[a-z]+", r"\w+|[^\w\s]", r"\b[a-zA-Z]{3,15}\b", r"[一-龥]+", r" {2,}",
    # of GPT-2, Llama 3, o200k and DeepSeek
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{M}]*[\p{Ll}\p{Lm}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{M}]+[\p{Ll}\p{M}]*(?i:'s|'t|'re)?|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s+(?!\S)|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
]  # fmt: skip
SLOW = [
    r"(\w+\s?)*x", r"(a+)+b", r"(a|a)*b", r"(a|aa)+b", r"(\w|\d)+x", r"\w*\w*x", r"(.*)(.*)(.*)x",
    r"(a?){30}a{30}", "a?" * 30 + "a" * 30, r"(\w+)\1x", r"(x+x+)+y", r"(.*?,){11}P",
    r"([a-zA-Z]+)*\d", r"(?:\s*\w+\s*)*@", r"(?i)(a|A)+b", r"(?:[^é]|é)*x", r"(?a)(?:[^\w]|é)*x",
    r"^(\w+\.?)+$", r"(?=(a+)+b)a", r"(\d+|\w+)*!", r"(?:²|[^\d])*x", r"(?i:(ſ|S)+)x",
    r"(?i)(?:K|K)+x", r"(?:b|[ab])+x", r"(\p{L}|\w)+x", r"([\p{L}]|[^\s])*x", r"a{1,9999}b",
    "(" * 3_000 + ")" * 3_000,
    "a|" * 6_000, r"(?P<n>a)(?(n)b|c)", "[[a]&&[b]]+x", "(", r"((a+){2,}){2,}",
]  # fmt: skip
# Read otherwise by Oniguruma than by Python, whose parser reads them here.
SLOW_IN_ONIGURUMA = [
    r"7{1,100}+b", r"(?:7{1,100}+)b", r"7{1,}+b", r"7{2}+b", r"(?:a{2}?a)+b", r"a{,}b",
    "(?:\\w|\u0301)*[!?]", "(?:\\w|\u203f)*[!?]", r"(?:\S|\x1c)* ",
    r"(?:[^\s]|\x1c)* ", r"(?i)[s\u00df]+b", r"(?i)[\p{L}]+b", r"(?i)[a-z\u00df-\u00fc]+b",
    r"(?:f|(?i:\ufb00))*b", r"[a[b]]+c", r"[]a]+b", r"[^&&a]+a", r"\pL+b",
    r"(?:\U00000041|U)*b", r"\N{DIGIT ONE}+b", r"(?:\xc3\xa9|a)*b", r"(?:\101|a)+b",
    r"(?x)(?:a |b)+c", r"(?i-x:a)b", r"(?#a)b",
]  # fmt: skip
QUICK_IN_PYTHON = SLOW_IN_ONIGURUMA[:4]


@pytest.mark.parametrize("oniguruma", [False, True], ids=["python", "oniguruma"])
@pytest.mark.parametrize("pattern", QUICK)
def test_a_pattern_with_one_way_to_match_passes(pattern, oniguruma):
    check_pattern(pattern, where="a tokenizer", oniguruma=oniguruma)


@pytest.mark.parametrize("pattern", SLOW_IN_ONIGURUMA)
def test_syntax_that_oniguruma_reads_differently_is_rejected_for_it(pattern):
    with pytest.raises(ArtifactError, match="a tokenizer has the pattern"):
        check_pattern(pattern, where="a tokenizer", oniguruma=True)


@pytest.mark.parametrize("pattern", QUICK_IN_PYTHON)
def test_a_possessive_repeat_passes_in_python(pattern):
    check_pattern(pattern, where="a tokenizer")


@pytest.mark.parametrize("pattern", SLOW, ids=range(len(SLOW)))
def test_a_pattern_with_many_ways_to_match_is_rejected(pattern):
    with pytest.raises(ArtifactError, match="a tokenizer has the pattern"):
        check_pattern(pattern, where="a tokenizer")


def test_a_pattern_can_be_trusted_literally():
    check_pattern(SLOW[0], [SLOW[0]], where="a tokenizer")
