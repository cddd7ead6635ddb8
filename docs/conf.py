"""Sphinx configuration; builds without network: `make docs`."""

import sys
from pathlib import Path

import agnews_sk

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for _extension

project = "agnews_sk"
author = "the authors of agnews_sk"
copyright = "the authors of agnews_sk, BSD-3-Clause"
version = release = agnews_sk.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "_extension",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py"]

# Public names in backticks become links; other names remain code.
default_role = "py:obj"
nitpicky = True
# No intersphinx inventories of other libraries, so that the build needs no network.
nitpick_ignore_regex = [("py:.*", r"(sklearn|ftfy|re)\..*")]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    # Not run here, but in tests/test_examples.py; `-D plot_gallery=1` runs them.
    "plot_gallery": False,
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"agnews_sk {version}"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Pages without subpages.
ALONE = ("quickstart", "formulas", "benchmarks", "contributing", "changes")
html_sidebars = {page: [] for page in ALONE}
html_math_renderer = "mathml"
