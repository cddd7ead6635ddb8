"""The regular expressions of the cleaning steps, in Rust's syntax.

Rust's expressions have no look-around: a pattern matches the context that it needs as a named
group, so that the replacement can restore it.
"""

# Entities of AG News, in which a space has replaced the ampersand

# Without names that are English words, which may precede a semicolon: `copy;`, `times;`.
_ENTITY_NAMES = (
    r"amp|quot|apos|lt|gt|nbsp|hellip|[mn]dash|[lr][sd]quo|[lr]aquo|euro"
    r"|[A-Za-z](?:acute|grave|circ|uml|tilde|cedil|ring)"
)
BARE_ENTITY = (
    rf"(?:^| )(?P<entity>(?:amp;)*(?:#\d{{1,7}}|#[xX][0-9A-Fa-f]{{1,6}}|{_ENTITY_NAMES});)"
)
# Entities that open a word. A single space before one separates words, and the ampersand is missing
# (`"` at the start of a description that was joined to its title); of two spaces the second one
# has replaced it.
OPENING_ENTITY = (
    r"(?P<before>[^\s(\[=/-]) "
    r"(?P<entity>(?:amp;)*(?:#0*(?:36|14[57]|8216|8220);|l[sd]quo;|quot;\w))"
)

# HTML

TWICE_ESCAPED = r"&(?:amp;)+(?P<entity>#?\w+;)"
# As in the standard library's `html.unescape`.
CHARACTER_REFERENCE = r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)"

UNSEEN_MARKUP = (
    r"(?is)<!--.*?-->|<!doctype\b[^<>]*>"
    r"|<script\b[^<>]*>.*?</script\s*>|<style\b[^<>]*>.*?</style\s*>"
)
# HTML's own names only: Reuters writes ticker symbols as `<MSFT.O>`.
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|nobr|q|rp"
    "|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_BLOCK = (
    "address|area|article|aside|audio|base|blockquote|body|br|button|canvas|caption|center|col"
    "|colgroup|dd|details|dialog|dir|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|frame"
    "|frameset|h[1-6]|head|header|hr|html|iframe|img|input|legend|li|link|main|map|menu|meta|nav"
    "|noframes|noscript|object|ol|optgroup|option|p|param|picture|pre|progress|script|section"
    "|select|source|style|summary|svg|table|tbody|td|template|textarea|tfoot|th|thead|title|tr"
    "|track|ul|video"
)
_ATTRIBUTES = r"(?:\s[^<>]*=[^<>]*|\s+(?:checked|clear|disabled|noshade|nowrap|selected))?"
INLINE_TAG = rf"(?i)</?(?:{_INLINE}){_ATTRIBUTES}\s*/?>"
BLOCK_TAG = rf"(?i)</?(?:{_BLOCK}){_ATTRIBUTES}\s*/?>"

URL = r"""(?i)\b(?:https?://|www\.)[^\s<>"]*[^\s<>".,:;!?'’”()\[\]{}]"""

# News agencies

_SOURCES = (
    r"Reuters|REUTERS|AP|AFP|AFX|UPI|CP|dpa|Canadian Press|Associated Press"
    r"|Agence France-Presse|Bloomberg|Dow Jones|CBS\.MW|CNN(?:/Money)?|BBC|Interfax|Itar-Tass"
    r"|RIA Novosti|Xinhua(?:net)?|Kyodo|IRNA|VNA|Sports Network|CBC SPORTS ONLINE|Ticker"
    r"|NewsFactor|New Ratings|PC World|Ziff Davis|MacCentral|MACCENTRAL|InfoWorld|TechWeb"
    r"|COMPUTERWORLD|IDG NEWS SERVICE|The Motley Fool|Investor's Business Daily"
    r"|BusinessWeek Online|Los Angeles Times|Chicago Tribune|Editor and Publisher"
    r"|(?:SPACE|USATODAY|SiliconValley|TheDeal|FT|Forbes|AdWeek|washingtonpost|newratings)\.com"
)
_DASH = r"\s+--?\s+"
SOURCE_TAG = rf"\((?:{_SOURCES})(?:[/-](?:{_SOURCES}))*\)(?:{_DASH})?"
SOURCE_LEAD = rf"\b(?:{_SOURCES}){_DASH}"
