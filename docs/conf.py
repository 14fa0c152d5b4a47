"""The documents as a site: ``make docs``. Every warning is an error, a link that leads nowhere among them."""

project = "fastimport"
author = "the authors of fastimport"
copyright = author
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]
myst_heading_anchors = 4
nitpicky = True
html_theme = "furo"
html_title = "fastimport"
html_show_sourcelink = False
