"""What this site adds to Sphinx: formulas without scripts, links to the reference, commands."""

import importlib
import pkgutil

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
    """Write a formula within a line as MathML, which browsers draw themselves."""
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_math_block(writer, node):
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def link_names_in_pages(app, doctree):
    """Make a link of each public name that stands in backticks in a page of the guide."""
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
    """Resolve a name in a docstring that stands in another room; others in backticks stay code."""
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


def skip_what_is_not_ours(app, what, name, obj, skip, options):
    """Leave out of a class's page the methods that scikit-learn, skorch and torch brought."""
    home = getattr(getattr(obj, "fget", obj), "__module__", None) or ""
    return None if home.startswith("agnews_sk") else True


class Commands(SphinxDirective):
    """Every command of the command line, with what its `--help` says."""

    def run(self):
        """Return a section a command."""
        group = typer.main.get_command(command_line)
        text = get_docs_for_click(obj=group, ctx=typer.Context(group), name="agnews-sk")
        _, _, commands = text.partition("\n## ")
        return self.parse_text_to_nodes(f"## {commands}", allow_section_headings=True)


def setup(app):
    """Join what stands above to the build."""
    app.add_directive("commands", Commands)
    app.add_config_value("public_names", public_names(), "env", dict)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-read", link_names_in_pages)
    app.connect("missing-reference", resolve_by_short_name)
    app.connect("autodoc-skip-member", skip_what_is_not_ours)
    return {"parallel_read_safe": True}
