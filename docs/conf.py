"""Settings of the documentation: ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# Figures of notebooks go into the page, whatever the shell says of Matplotlib.
os.environ.pop("MPLBACKEND", None)

import pages  # noqa: E402  (in this folder)
import pictures  # noqa: E402  (in this folder)
from docutils.nodes import SkipNode  # noqa: E402
from latex2mathml.converter import convert  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

import sbpath  # noqa: E402

pages.write(HERE)
pictures.write(HERE)

project = "sbpath"
author = "The sbpath developers"
copyright = author
release = version = sbpath.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "sphinxarg.ext",
]
exclude_patterns = [
    "_build",
    "jupyter_execute",
    ".jupyter_cache",
    "gallery",
    "generated/gallery/*.ipynb",
    "generated/tables",
    "**/.ipynb_checkpoints",
]
templates_path = ["_templates"]
highlight_language = "text"
default_role = "py:obj"
# Commands keep their quotes and dashes.
smartquotes = False
sphinxarg_full_subcommand_name = True

html_theme = "furo"
html_title = f"sbpath {release}"
html_show_copyright = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
# Formulas are MathML, written when the site is built: readable without a network, a script or a font of their own.
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
suppress_warnings = [
    "config.cache",
    # Names of attributes are linked where they can be; those of several classes cannot.
    "ref.python",
]

# Notebooks are shown with the outputs that they hold; the tests run them and compare.
nb_execution_mode = "off"

autosummary_generate = True
autosummary_ignore_module_all = False
# Names that differ in capitals alone would share a file on some disks.
autosummary_filename_map = {
    f"sbpath.{name}": f"sbpath.{name}-class"
    for name in sbpath.__all__
    if name != name.lower() and name.lower() in sbpath.__all__
}
autodoc_typehints_format = "short"
autodoc_type_aliases = {"Floats": "array", "Integers": "array", "NDArray": "array"}
autodoc_member_order = "bysource"
maximum_signature_line_length = 88
napoleon_google_docstring = False
# A line may hold several attributes.
napoleon_custom_sections = [("Attributes", "returns_style")]
napoleon_use_rtype = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "notebook_extensions": set(),
    "copyfile_regex": "",
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "image_srcset": ["2x"],
    "image_scrapers": ("thumbnails.scraper", "matplotlib"),
    "thumbnail_size": (480, 336),
}


def no_type_in_words(app, what, name, obj, options, lines):
    """Napoleon takes what is before a colon in the first line of a property for its type."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(": ", "; ")


def no_signature_of_records(app, what, name, obj, options, signature, returns):
    """Records are read from files, not made by hand; their signatures would fill a page."""
    return ("", returns) if what == "class" and issubclass(obj, BaseModel) else None


def no_settings_of_pydantic(app, what, name, obj, skip, options):
    """`model_config` is the same for all records."""
    return True if name == "model_config" else None


def formula(self, node):
    """A formula in a line."""
    self.body.append(convert(node.astext()))
    raise SkipNode


def displayed_formula(self, node):
    """A formula on a line of its own."""
    self.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def nothing_from_afar(app, error):
    """The site can be read without a network."""
    found = [
        f"{page.name}: {address}"
        for page in Path(app.outdir).rglob("*.html")
        for address in pages.from_afar(page.read_text(encoding="utf-8"))
    ]
    if error is None and found:
        raise ExtensionError("scripts or styles from other places: " + ", ".join(sorted(set(found))))


def setup(app):
    """Put the first of these before Napoleon."""
    app.add_html_math_renderer("mathml", (formula, None), (displayed_formula, None))
    app.connect("build-finished", nothing_from_afar)
    app.connect("autodoc-process-docstring", no_type_in_words, priority=400)
    app.connect("autodoc-process-signature", no_signature_of_records)
    app.connect("autodoc-skip-member", no_settings_of_pydantic)
