"""Sphinx extensions of this site: formulas, drawings, links to the reference, command line help."""

import importlib
import pkgutil
import runpy
from pathlib import Path

import typer
from docutils import nodes
from latex2mathml.converter import convert
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from typer.cli import get_docs_for_click

import agnews_sk
from agnews_sk.cli import app as command_line


def public_names():
    """Return the full name of every public object, by its short name."""
    rooms = [m.name for m in pkgutil.iter_modules(agnews_sk.__path__) if m.name[0] != "_"]
    names = {}
    for room in rooms:
        module = importlib.import_module(f"agnews_sk.{room}")
        for name in getattr(module, "__all__", []):
            names[name] = f"agnews_sk.{room}.{name}"
    return names


def visit_math(writer, node):
    """Write an inline formula as MathML, which browsers render without scripts."""
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_math_block(writer, node):
    """Write a display formula as MathML."""
    writer.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def link_names_in_pages(app, doctree):
    """Link public names in backticks in pages of the guide to the reference."""
    if not app.env.docname.startswith(("gallery", "reference/")):
        for literal in list(doctree.findall(nodes.literal)):
            full_name = app.config.public_names.get(literal.astext())
            if full_name and not isinstance(literal.parent, nodes.reference | nodes.title):
                literal.replace_self(_reference(full_name, app.env.docname, literal))


def _reference(full_name, docname, content):
    options = {"refdomain": "py", "reftype": "obj", "reftarget": full_name, "refdoc": docname}
    reference = addnodes.pending_xref("", content.deepcopy(), refexplicit=True, **options)
    reference["py:module"] = reference["py:class"] = None
    return reference


def resolve_by_short_name(app, env, node, contnode):
    """Resolve public names of other rooms in docstrings; leave other names in backticks as code."""
    if node.get("reftype") != "obj":
        return None
    target = node["reftarget"]
    full_name = app.config.public_names.get(target)
    if full_name:
        domain = env.domains.python_domain
        reference = _reference(full_name, node["refdoc"], contnode)
        return domain.resolve_xref(
            env, node["refdoc"], app.builder, "obj", full_name, reference, contnode
        )
    return None if target.startswith("agnews_sk.") else contnode


def skip_inherited_members(app, what, name, obj, skip, options):
    """Omit methods inherited from scikit-learn, skorch and torch from the page of a class."""
    home = getattr(getattr(obj, "fget", obj), "__module__", None) or ""
    return None if home.startswith("agnews_sk") else True


def name_language(app, pagename, templatename, context, doctree):
    """Tell browsers which pages are Chinese, for fonts and screen readers."""
    if pagename.startswith("zh/"):
        context["language"] = "zh-CN"


def plot_style(gallery_conf, script):
    """Set the style of the figures of an example, as our displays have it."""
    import matplotlib

    # Okabe and Ito (2008): distinct for colour-blind readers.
    colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
    matplotlib.rcParams.update(
        {
            "figure.figsize": (5.6, 3.6),
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": matplotlib.cycler(color=colours),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
        }
    )


class Commands(SphinxDirective):
    """A directive that inserts the help of every command."""

    def run(self):
        """Return one section per command."""
        group = typer.main.get_command(command_line)
        text = get_docs_for_click(obj=group, ctx=typer.Context(group), name="agnews-sk")
        _, _, commands = text.partition("\n## ")
        return self.parse_text_to_nodes(f"## {commands}", allow_section_headings=True)


class Drawing(SphinxDirective):
    """A directive that inserts an SVG, read from a file or drawn by a script, into the page.

    Within the page, and not as an image, it takes the colours and fonts of the theme.
    """

    required_arguments = 1

    def run(self):
        """Return the drawing."""
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        is_script = Path(path).suffix == ".py"
        svg = runpy.run_path(path)["draw"]() if is_script else Path(path).read_text()
        return [nodes.raw("", svg, format="html")]


def setup(app):
    """Register the extensions."""
    app.add_directive("commands", Commands)
    app.add_directive("drawing", Drawing)
    app.add_config_value("public_names", public_names(), "env", dict)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-read", link_names_in_pages)
    app.connect("missing-reference", resolve_by_short_name)
    app.connect("autodoc-skip-member", skip_inherited_members)
    app.connect("html-page-context", name_language)
    return {"parallel_read_safe": True}
