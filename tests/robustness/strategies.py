"""Texts that nobody would write, from every plane of Unicode."""

import unicodedata

from hypothesis import strategies as st

WORDS = [
    "oil",
    "Oil",
    "prices",
    "cup",
    "final",
    "the",
    "It's",
    "ÉTÉ",
    "Σας",
    "日本",
    "1_000",
    "<b>",
]


def assigned(char):
    """Tell whether this Python's Unicode knows the character, so that it can be a reference."""
    return unicodedata.category(char) != "Cn"


# Half a surrogate pair, noncharacters, private use and all planes among them.
any_char = st.characters()
any_text = st.text(any_char, max_size=30)
valid_char = st.characters(exclude_categories=["Cs", "Cn"])
valid_text = st.text(valid_char, max_size=30)
words_text = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
any_story = words_text | any_text | st.builds("{} {}".format, words_text, any_text) | st.none()
