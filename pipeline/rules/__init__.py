"""The rules: pure functions over text, identity, and rows. Nothing here imports Beam.

RULES is the version of what a page is read as. Raise it with each change by which some page is read otherwise: a
manifest says for each dump which rules read it.
"""

RULES = 2
"""1: headers as a list of whole headers. 2: the cheapest way through the table of roles."""
