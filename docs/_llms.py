"""A Sphinx extension that writes `llms.txt`, an outline of the site for language models.

The format is that of https://llmstxt.org: a title, a summary, and lists of links with a sentence.
"""

from pathlib import Path

from docutils import nodes

INTRODUCTION = """# agnews_sk

> Text classification with scikit-learn estimators: cleaning, TF-IDF, embeddings, fine-tuned
> transformers, and comparisons with confidence intervals, paired tests and costs.

Pipelines come from `make_tfidf_pipeline`, `make_embedding_pipeline`, `make_transformer_pipeline`
and `make_finetune_pipeline`. Parameters of their steps are named `step__parameter`, such as
`classify__C`. `compare_classifiers` compares any of them on the same rows. `X` is a data frame with
text columns or a list of texts, and `y` a list of labels.
"""
# Heading, and the page whose subpages are listed.
SECTIONS = {"Start": "index", "Guide": "guide", "Examples": "gallery/index", "Help": "help"}
SECTIONS |= {"Coming from another library": "coming_from/index", "Reference": "reference/index"}


def first_sentence(doctree):
    """Return the first sentence of a page."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        in_note = isinstance(paragraph.parent, nodes.Admonition)
        if text and not in_note:
            sentence, _, _ = text.partition(". ")
            return sentence.rstrip(".:")
    return ""


def outline(env):
    """Return the text of the file."""
    parts = [INTRODUCTION]
    for heading, page in SECTIONS.items():
        lines = [f"## {heading}\n"]
        for name in env.toctree_includes.get(page, []):
            title = env.titles[name].astext()
            lines.append(f"- [{title}]({name}.html): {first_sentence(env.get_doctree(name))}")
        parts.append("\n".join(lines))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def write_outline(app, exception):
    """Write the file into the root of a site that was built."""
    if exception is None and app.builder.format == "html":
        Path(app.outdir, "llms.txt").write_text(outline(app.env), encoding="utf-8")


def setup(app):
    """Register the extension."""
    app.connect("build-finished", write_outline)
    return {"parallel_read_safe": True}
