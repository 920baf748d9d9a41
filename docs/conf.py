"""How Sphinx builds the site; ``nox -s docs`` calls it, on sources that ``grading/site/`` has put together."""

project = "Generative homework, graded"
language = "en"
extensions = ["myst_parser", "grading.site.mathml"]
html_math_renderer = "mathml"
nitpicky = True  # a reference that leads nowhere is a warning, and a warning is an error
exclude_patterns = ["texts"]  # included by guides
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
highlight_language = "default"  # Python where it is Python
html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "a11y-high-contrast-light"  # contrast enough for everybody
pygments_dark_style = "a11y-high-contrast-dark"
