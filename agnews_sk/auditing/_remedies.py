"""What to do about each kind of finding, and which kinds come first."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agnews_sk._core.formats import listed

if TYPE_CHECKING:
    from agnews_sk.auditing._report import Finding

# Code by name of the finding, the kinds that mislead most first: those that make scores wrong, that
# make training wrong, and that `make_tfidf_pipeline` repairs by default.
_SCORES = {
    "exact_leakage": 'keep = report.keep("exact_leakage")\nframe, y = frame[keep], y[keep]',
    "near_leakage": 'keep = report.keep("near_leakage")\nframe, y = frame[keep], y[keep]',
    "label_errors": 'report["label_errors"].examples  # the label, and the one suggested',
    "conflicting_labels": "pipeline = make_tfidf_pipeline(filter=LabelConflictFilter())",
    "source_leakage": "pipeline = make_tfidf_pipeline(clean__strip_sources=True)",
}
_TRAINING = {
    "missing_texts": "pipeline = make_tfidf_pipeline(filter=MissingTextFilter())",
    "exact_duplicates": "pipeline = make_tfidf_pipeline(filter=DuplicateFilter())",
    "near_duplicates": 'pipeline = make_tfidf_pipeline(filter=DuplicateFilter(method="near"))',
    "class_imbalance": 'pipeline = make_tfidf_pipeline(classify__class_weight="balanced")',
    "truncated_texts": 'pipeline = make_finetune_pipeline(classify__truncation="chunk")',
    "short_texts": "pipeline = make_tfidf_pipeline(filter=LengthFilter(min_words=3))",
}
_REPAIRED = dict.fromkeys(
    ("html_tags", "html_entities", "backslashes"), "texts = TextCleaner().fit_transform(texts)"
)
REMEDIES = {**_SCORES, **_TRAINING, **_REPAIRED}
_ORDER = list(REMEDIES)


def worst_first(findings: Iterable["Finding"]) -> list["Finding"]:
    """Return findings that have rows, those that mislead most first, and then the others.

    Parameters
    ----------
    findings : iterable of Finding

    Returns
    -------
    list of Finding
        Findings of other names come before those without rows.
    """

    def place(finding: "Finding") -> tuple[bool, int]:
        known = finding.name in REMEDIES
        return not finding.count, _ORDER.index(finding.name) if known else len(_ORDER)

    return sorted(findings, key=place)


def verdict(findings: Iterable["Finding"]) -> str:
    """State in one or two sentences what misleads scores, what training, and what is repaired.

    Parameters
    ----------
    findings : iterable of Finding

    Returns
    -------
    str
    """
    found = [finding for finding in worst_first(findings) if finding.count]

    def named(kinds: Iterable[str]) -> str:
        return listed([_counted(finding) for finding in found if finding.name in kinds])

    scores, training, repaired = map(named, (_SCORES, _TRAINING, _REPAIRED))
    others = named({finding.name for finding in found} - set(REMEDIES))
    sentences = [
        f"Scores on these rows would mislead: {scores}." if scores else "",
        f"Before training, look at {training}." if training else "",
        f"Pipelines repair {repaired} by default." if repaired else "",
        f"There are {others}." if others else "",
    ]
    return " ".join(filter(None, sentences)) or "No problem was found."


def _counted(finding: "Finding") -> str:
    """Return the name and the number of rows of a finding."""
    rows = "row" if finding.count == 1 else "rows"
    return f"{finding.name.replace('_', ' ')} ({finding.count:,} {rows})"
