r"""Decide from a regular expression alone whether its search can take exponential time.

Python's `re` and the engine of `tokenizers` backtrack. For some patterns this takes exponential
time: each further letter doubles the steps of `(\w+\s?)*x`. A pattern passes if the
steps of a match from one start position grow at most linearly with the length of the text. A search
that tries every start position may still take quadratic time, such as `\w+@` on letters.

The analysis goes through the parsed pattern from its end to its beginning. For each part it knows
with which characters the rest can begin and whether it can fail. A repetition is safe if a text
can be divided between it and the rest in one way only, which holds if what follows cannot begin
with a character that is repeated, or if the rest cannot fail, so that nothing is tried again. Sets
of characters are never too small: the analysis may reject a harmless pattern, never the reverse.

`tokenizers` uses Oniguruma, which reads some syntax differently from Python, whose parser is used
here. Such syntax is rejected for it, and all characters beyond ASCII count as equal, as the
character classes of the two differ.
"""

import re
import warnings
from collections.abc import Sequence
from re import _constants as op  # type: ignore[attr-defined]  # the parser has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from agnews_sk.persistence._errors import ArtifactError

# The pattern of BLOOM's tokenizer, which has nested brackets.
_KNOWN = frozenset({r" ?[^(\s|[.,!?…。，、।۔،])]+"})
_MAX_LENGTH = 10_000
_MAX_CHOICES = 2**10  # ways through a pattern, repetitions left out
_MAX_COUNT = 1_000
_MAX_FIXED = 100  # characters of a lookahead, or of a repetition of fixed length
# The ASCII characters, and one name for all others of a class.
_ASCII = frozenset(map(chr, range(128)))
_BEYOND = frozenset({"letter", "digit", "space", "other"})
_ALL = _ASCII | _BEYOND
_CLASSES = {
    op.CATEGORY_DIGIT: frozenset("0123456789") | {"digit"},
    op.CATEGORY_SPACE: frozenset(c for c in _ASCII if c.isspace()) | {"space"},
    op.CATEGORY_WORD: frozenset(c for c in _ASCII if c.isalnum() or c == "_") | {"letter", "digit"},
}
_NEGATED = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}
_CASELESS = (op.CATEGORY_DIGIT, op.CATEGORY_SPACE)
_SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
# Oniguruma's classes of Unicode, which Python lacks; other escapes; brackets; bars.
_UNICODE = r"\\[pP](?:\{\^?\w+\}|\w)"
_BRACKETS = r"\[\^?\]?(?:[^\]\\]|\\.)*\]"
_TOKEN = re.compile(rf"{_UNICODE}|\\.|{_BRACKETS}|\|", re.DOTALL)
# What Oniguruma reads otherwise than Python: octal numbers, which may refer to groups; bytes;
# escapes that it lacks; brackets within brackets, and common parts of them.
_SAME_ESCAPES = re.compile(r"(?:[^\\]|\\[^0-9NUxpP]|\\x[0-7]|\\[pP]\{)*", re.DOTALL)
_OTHER_BRACKETS = re.compile(r"\[\^?\]|\[.*\[|.*&&", re.DOTALL)
_ESCAPE = re.compile(r"\\.", re.DOTALL)
# Outside of brackets and escapes: bounds that are repeated, not possessive, or made optional, not
# lazy; no bounds; comments; flags for spaces, which the two do not agree upon.
_OTHER_SYNTAX = re.compile(r"\{\d*,?\d*\}\+|\{\d+\}\?|\{,\}|\(\?#|\(\?[a-zA-Z-]*x")
# Control characters that are spaces to Python alone.
_NO_SPACE = frozenset("\x1c\x1d\x1e\x1f")


class _SlowError(Exception):
    """A pattern may take more steps than its text has characters."""


class _Rest(NamedTuple):
    """What comes after a part of a pattern.

    Attributes
    ----------
    first : frozenset of str
        Characters with which it can begin; all of them if it can be empty.
    can_fail : bool
        Whether it can fail to match, so that parts before it are tried again.
    is_long : bool
        Whether the steps until it fails grow with the length of the text.
    """

    first: frozenset[str]
    can_fail: bool
    is_long: bool


_END = _Rest(_ALL, can_fail=False, is_long=False)


def check_pattern(
    pattern: str, trusted: Sequence[str] = (), *, where: str, oniguruma: bool = False
) -> None:
    r"""Reject a regular expression whose search can take exponential time.

    Parameters
    ----------
    pattern : str
    trusted : sequence of str
        Patterns that the caller trusts, literally.
    where : str
        What messages name as the place of the pattern.
    oniguruma : bool, default=False
        Whether Oniguruma searches, not Python.

    Raises
    ------
    ArtifactError
        If the analysis does not show that the pattern is safe.

    Examples
    --------
    >>> from agnews_sk.persistence._patterns import check_pattern
    >>> check_pattern(r"\b\w\w+\b", where="a tokenizer")
    >>> check_pattern(r"(\w+\s?)*x", where="a tokenizer")
    Traceback (most recent call last):
    ...
    agnews_sk.persistence.ArtifactError: a tokenizer has the pattern '(\\w+\\s?)*x', ...
    """
    if pattern in _KNOWN or pattern in trusted:
        return
    try:
        if len(pattern) > _MAX_LENGTH:
            raise _SlowError
        if oniguruma:
            _check_syntax(pattern)
        parsed = _parsed(pattern)
        analysis = _OnigurumaAnalysis if oniguruma else _Analysis
        analysis(parsed.state.flags).sequence(list(parsed), _END)
    except (_SlowError, FutureWarning, RecursionError, re.error, OverflowError) as error:
        raise ArtifactError(
            f"{where} has the pattern {pattern!r:.200}, whose search may take exponential time; "
            "write it so that what follows a repetition cannot begin like what is repeated, "
            f"or, if you trust it, pass trusted=[{pattern!r:.200}]."
        ) from error


def shortest_match(pattern: str) -> int:
    """Return the number of characters of the shortest match of a pattern.

    Parameters
    ----------
    pattern : str

    Returns
    -------
    int
    """
    return _parsed(pattern).getwidth()[0]


def _check_syntax(pattern: str) -> None:
    """Reject syntax that Oniguruma reads differently from Python, as the parse would be wrong."""
    brackets = [token for token in _TOKEN.findall(pattern) if token.startswith("[")]
    if (
        not _SAME_ESCAPES.fullmatch(pattern)
        or any(_OTHER_BRACKETS.match(_ESCAPE.sub("_", inner)) for inner in brackets)
        or _OTHER_SYNTAX.search(_TOKEN.sub("_", pattern))
    ):
        raise _SlowError


def _parsed(pattern: str) -> Any:
    """Return Python's parse of a pattern, after Oniguruma's Unicode classes were replaced."""
    with warnings.catch_warnings():
        # Nested brackets mean something else to Oniguruma.
        warnings.simplefilter("error", FutureWarning)
        return parser.parse(_TOKEN.sub(_as_python, pattern))


def _as_python(found: re.Match[str]) -> str:
    """Return a token as Python reads it; it may match more characters but never fewer."""
    text = found[0]
    if text == "|":
        return "(?=)|"  # else Python's parser would merge alternatives of one character
    if not re.search(_UNICODE, text):
        return text
    left = re.sub(_UNICODE, "", text)
    return left if text.startswith("[^") and left != "[^]" else r"[\s\S]"


class _Analysis:
    """Analyse a parsed pattern from its end to its beginning.

    Parameters
    ----------
    flags : int
        Flags of the pattern, such as `re.IGNORECASE`.

    Notes
    -----
    Each method takes what comes after a part and returns the same for that part and all after it,
    or raises `_SlowError`. Choices that are not repeated may double the steps a bounded number of
    times.
    """

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._n_choices = 1

    def sequence(self, items: list[Any], rest: _Rest) -> _Rest:
        """Return what a sequence of items begins with, given the rest after it."""
        for kind, argument in reversed(items):
            rest = self._item(kind, argument, rest)
        return rest

    def _item(self, kind: Any, argument: Any, rest: _Rest) -> _Rest:
        """Return what one item and the rest after it begin with.

        Parameters
        ----------
        kind : constant of `re._constants`
        argument : object
            As Python's parser returns it for this kind.
        rest : _Rest
            What comes after the item.

        Returns
        -------
        _Rest

        Raises
        ------
        _SlowError
            For references to groups and conditions too, which can take exponential time by
            themselves.
        """
        if kind in _SINGLE:
            return _Rest(self._characters(kind, argument), True, rest.is_long)
        if kind is op.AT:
            return rest._replace(can_fail=True)
        if kind is op.SUBPATTERN:
            return self._group(argument[1], list(argument[3]), rest)
        if kind is op.ATOMIC_GROUP:
            return self.sequence(list(argument), rest)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            if kind is op.ASSERT and not argument[1]:
                return rest
            if argument[1].getwidth()[1] > _MAX_FIXED:
                raise _SlowError
            self.sequence(list(argument[1]), _END)
            return rest._replace(can_fail=True)
        if kind is op.BRANCH:
            return self._branch([list(branch) for branch in argument[1]], rest)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, body = argument
            return self._repeat(least, most, body, rest)
        raise _SlowError  # references to groups, conditions

    def _group(self, flags: int, items: list[Any], rest: _Rest) -> _Rest:
        """Return what a group begins with; the flags it sets hold within it."""
        before = self._flags
        self._flags |= flags
        found = self.sequence(items, rest)
        self._flags = before
        return found

    def _branch(self, branches: list[Any], rest: _Rest) -> _Rest:
        """Return what alternatives begin with; those that share a first character are a choice."""
        found = [self.sequence(branch, rest) for branch in branches]
        firsts = [one.first for one in found]
        if rest.can_fail and sum(map(len, firsts)) > len(frozenset().union(*firsts)):
            self._choose(len(found))
        return _Rest(
            frozenset().union(*firsts),
            all(one.can_fail for one in found),
            any(one.is_long for one in found),
        )

    def _repeat(self, least: int, most: Any, body: Any, rest: _Rest) -> _Rest:
        """Return what a repetition begins with: an option, a run of one character, or a loop.

        Parameters
        ----------
        least, most : int
            Number of repetitions; `most` may be MAXREPEAT, which means no limit.
        body : SubPattern
        rest : _Rest

        Returns
        -------
        _Rest
        """
        if most is not op.MAXREPEAT and most > _MAX_COUNT:
            raise _SlowError  # some engines expand it
        items = list(body)
        is_single = len(items) == 1 and items[0][0] in _SINGLE
        if most == 1:
            return self._optional(items, rest)
        if is_single and least == most <= _MAX_FIXED:
            return _Rest(self._characters(*items[0]), True, rest.is_long)
        if is_single:
            return self._run(self._characters(*items[0]), least, rest)
        if body.getwidth()[0] == 0:
            raise _SlowError  # a repetition of the empty text
        return self._loop(items, least, rest)

    def _optional(self, items: list[Any], rest: _Rest) -> _Rest:
        """Return what an optional part begins with; it is a choice if the rest can begin alike."""
        inside = self.sequence(items, rest)
        if rest.can_fail and inside.first & rest.first:
            self._choose(2)
        return _Rest(inside.first | rest.first, rest.can_fail, inside.is_long or rest.is_long)

    def _run(self, characters: frozenset[str], least: int, rest: _Rest) -> _Rest:
        """Analyse a repeated character: if the rest fails, it is tried from each position.

        Two such runs that share characters, one after the other, take quadratic time.
        """
        if rest.can_fail and rest.is_long and characters & rest.first:
            raise _SlowError
        first = characters if least else characters | rest.first
        return _Rest(first, rest.can_fail or least > 0, rest.is_long or rest.can_fail)

    def _loop(self, items: list[Any], least: int, rest: _Rest) -> _Rest:
        """Analyse a repeated group: if the rest can fail, a text may have one way through it only.

        With two ways per repetition, n repetitions have 2**n ways, and a failure tries all of them.
        """
        alone = self.sequence(items, _END)
        if rest.can_fail and alone.first & rest.first:
            raise _SlowError
        if rest.can_fail or least > 1:
            after = alone.first | (rest.first if rest.can_fail else frozenset())
            before, self._n_choices = self._n_choices, 1
            self.sequence(items, _Rest(after, can_fail=True, is_long=True))
            if self._n_choices > 1:
                raise _SlowError
            self._n_choices = before
        first = alone.first if least else alone.first | rest.first
        is_long = rest.is_long or rest.can_fail or alone.is_long
        return _Rest(first, rest.can_fail or least > 0, is_long)

    def _choose(self, n_ways: int) -> None:
        """Count a choice between ways; ways multiply, and too many are rejected."""
        self._n_choices *= n_ways
        if self._n_choices > _MAX_CHOICES:
            raise _SlowError

    def _characters(self, kind: Any, argument: Any) -> frozenset[str]:
        """Return the characters that an item of one character can match."""
        if kind is op.ANY:
            return _ALL
        if kind is op.LITERAL:
            return self._literal(argument)
        if kind is op.NOT_LITERAL:
            return _ALL - ({chr(argument)} & _ASCII)
        if argument[0][0] is not op.NEGATE:
            return frozenset().union(*(self._member(*member) for member in argument))
        return self._all_but(frozenset().union(*(_whole(*member) for member in argument[1:])))

    def _literal(self, code: int) -> frozenset[str]:
        """Return a character, with its other cases if the pattern ignores case.

        Characters beyond ASCII are represented by their class, as there are too many to list.
        """
        character = chr(code)
        if not self._flags & re.IGNORECASE:
            return frozenset({character if character in _ASCII else _class_of(character)})
        folded = character.casefold()
        cases = {character, character.lower(), character.upper(), folded, folded.upper()}
        return frozenset(cases & _ASCII) | (
            {_class_of(character)} if character.isalpha() else set()
        )

    def _member(self, kind: Any, value: Any) -> frozenset[str]:
        """Return the characters of a member of brackets: a character, a class or a range."""
        if kind is op.LITERAL:
            return self._literal(value)
        if kind is op.CATEGORY:
            return (
                self._all_but(_CLASSES[_NEGATED[value]]) if value in _NEGATED else _CLASSES[value]
            )
        low, high = value
        codes = frozenset(map(chr, range(low, min(high, 127) + 1)))
        if self._flags & re.IGNORECASE:
            return (
                _BEYOND
                | codes
                | {c.swapcase() for c in codes}
                | (set("KSks") if high > 127 else set())
            )
        return codes | (_BEYOND if high > 127 else set())

    def _all_but(self, left_out: frozenset[str]) -> frozenset[str]:
        """Return all characters but these; those beyond ASCII stay if classes are ASCII only."""
        # With this flag, no class has characters beyond ASCII.
        return _ALL - left_out | (_BEYOND if self._flags & re.ASCII else set())


class _OnigurumaAnalysis(_Analysis):
    """Analyse a pattern for Oniguruma, whose classes differ from Python's beyond ASCII.

    All characters beyond ASCII count as equal.
    """

    def _characters(self, kind: Any, argument: Any) -> frozenset[str]:
        """Return the characters of an item, with all those beyond ASCII if it has any of them."""
        found = super()._characters(kind, argument)
        return found | _BEYOND if found & _BEYOND else found

    def _literal(self, code: int) -> frozenset[str]:
        """Return a character with its cases, unless one of them may be several characters."""
        self._check_case(code > 127)
        return super()._literal(code)

    def _member(self, kind: Any, value: Any) -> frozenset[str]:
        """Return the characters of a member of brackets, unless a case may be several of them."""
        is_lettered = kind is op.CATEGORY and value not in _CASELESS
        self._check_case(is_lettered or (kind is op.RANGE and value[1] > 127))
        return super()._member(kind, value)

    def _check_case(self, has_letters_beyond: bool) -> None:
        """Reject ignoring the case of letters beyond ASCII, where one may equal two: ß and ss."""
        if has_letters_beyond and self._flags & re.IGNORECASE:
            raise _SlowError

    def _all_but(self, left_out: frozenset[str]) -> frozenset[str]:
        """Return all characters except those of ASCII, of which the two engines agree."""
        return _ALL - (left_out & _ASCII - _NO_SPACE)


def _whole(kind: Any, value: Any) -> frozenset[str]:
    """Return the ASCII characters that a member of brackets matches for sure, in any case.

    They are what a negated bracket leaves out, so here the set must never be too large.
    """
    if kind is op.LITERAL:
        return frozenset({chr(value)} & _ASCII)
    if kind is op.CATEGORY:
        # A set is never too small, what is left out of one never too large.
        return _ALL - _CLASSES[_NEGATED[value]] if value in _NEGATED else _CLASSES[value]
    return frozenset(map(chr, range(value[0], min(value[1], 127) + 1)))


def _class_of(character: str) -> str:
    """Return the class that represents a character beyond ASCII."""
    if character.isdecimal():
        return "digit"
    if character.isspace():
        return "space"
    return "letter" if re.match(r"\w", character) else "other"
