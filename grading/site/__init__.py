"""The pages to learn from: one for each formula, derivations, guides. ``nox -s docs`` builds them with Sphinx.

Their sources are made from what stands elsewhere already, into a folder that is thrown away; what is written for the
site alone lies in ``docs/``. The students' pages are made from the stubs and the staff's from the reference, so that
there is nothing in between that could tell too much. No torch is needed: modules are read, not imported.

| file           | holds                                                                              |
| -------------- | ---------------------------------------------------------------------------------- |
| ``definitions``| the graded functions as the stubs, or the reference, define them                   |
| ``docstring``  | a docstring taken apart                                                            |
| ``symbols``    | a module's table of symbols                                                        |
| ``handouts``   | where the papers and the courses print a formula                                   |
| ``lines``      | a statement of the reference as a formula                                          |
| ``traps``      | the catalogue's mistakes in words, and which pictures there are                    |
| ``pictures``   | makes these pictures; the one file here that runs models                           |
| ``pages``      | a page for each function and module, and the list of them, by templates (``*.rst``) |
| ``rst``        | pieces of reStructuredText                                                         |
| ``texts``      | documents of the checkout, for guides to include                                   |
| ``result``     | a results.json as an example                                                       |
| ``mathml``     | a Sphinx extension: formulas as MathML                                                        |
| ``build``      | puts the sources together and runs Sphinx                                          |
"""
