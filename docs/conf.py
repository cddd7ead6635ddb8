"""Sphinx configuration; builds without network: `make docs`."""

import os
import sys
from pathlib import Path

import agnews_sk

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for _extension and _llms
# The examples run on the built-in sample, with models that are installed.
os.environ.update(AGNEWS_SK_DATA="sample", HF_HUB_OFFLINE="1")

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
    "_llms",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py"]

# Public names in backticks become links; other names remain code.
default_role = "py:obj"
nitpicky = True
# No intersphinx inventories of other libraries, so that the build needs no network.
nitpick_ignore_regex = [("py:.*", r"(sklearn|ftfy|re)\..*")]

myst_enable_extensions = ["attrs_block", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    "plot_gallery": not tags.has("no_plots"),  # noqa: F821, which Sphinx defines
    "filename_pattern": r"\.py$",
    "reset_modules": ("matplotlib", "_extension.plot_style"),
    "image_srcset": ["2x"],
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
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark, as the system
html_css_files = ["site.css"]
html_js_files = ["site.js"]
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
ALONE = ("quickstart", "help", "formulas", "benchmarks", "contributing", "changes")
html_sidebars = {page: [] for page in ALONE}
html_math_renderer = "mathml"
