"""The small corpora that the checks fit and predict on."""

from collections.abc import Iterator
from contextlib import contextmanager

TEXTS = [
    "Oil prices rise again on supply fears",
    "The coach resigns after the cup final",
    "New phone chips are faster, makers say",
    "Stocks fall on weak profit and oil fears",
    "Über-café team wins the cup in Zürich",
    "Software makers sell faster phone chips",
    "Profit of the oil company doubles",
    "Final tonight: the team needs a goal",
    "The new software runs on any phone",
    "Bank shares rise, stocks follow oil",
    "A late goal wins the final for the team",
    "Space probe sends new data by radio",
]
LABELS = ["Business", "Sports", "Tech"] * 3 + ["Business", "Sports", "Tech"]
CLASSES = ["Business", "Sports", "Tech"]

LABEL_SETS = [[label] for label in LABELS[:-1]] + [[]]
LABEL_SETS[5] = ["Business", "Tech"]
"""Several labels per text, and none for the last one."""

OTHER_TEXTS = ["a yoga retreat", "a jazz concert", "jazz once again", "ever more yoga"]
OTHER_LABELS = ["Life", "Music", "Music", "Life"]

TWO_CLASS_ROWS = [i for i, label in enumerate(LABELS) if label != "Tech"]

WRITING_SYSTEMS = [
    "أسعار النفط ترتفع",
    "מחירי הנפט עולים",
    "石油価格が再び上昇",
    "तेल की कीमतें बढ़ीं",
    "ราคาน้ำมันเพิ่มขึ้น",
    "цены на нефть растут",
    "e\u0301le\u0301ment combine\u0301",
    "goal \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
]
"""Right-to-left scripts, scripts without spaces, combining marks and joined emoji."""

PLANES = [f"oil {chr(plane * 0x10000 + 0x1F00)} prices" for plane in range(17)]
"""One text per plane of Unicode, with a character of that plane."""

SURROGATES = ["oil \ud83d prices", "cup\udc00", "\udfff\ud800"]
"""Halves of characters, as broken JSON brings them; they have no UTF-8 form."""

CONTROLS = ["oil\x00prices", "\ufeffcup final", "goal\r\n\ttonight\x0b", "\u200b\u202e\x7f", "\\"]
"""NUL, byte order mark, line ends, invisible characters and a backslash."""

UNSEEN = ["zzyzx qwrtp", "xkcd plugh"]

LONG = [" ".join(TEXTS) * 60, "x" * 20_000]
"""A text of about 5,000 words, and a word of 20,000 letters."""


@contextmanager
def unchanged_corpus() -> Iterator[None]:
    """Restore these lists after a check, in case the estimator wrote into them."""
    lists = [value for value in globals().values() if isinstance(value, list)]
    copies = [list(value) for value in lists]
    try:
        yield
    finally:
        for value, copy in zip(lists, copies):
            value[:] = copy
