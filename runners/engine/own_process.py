"""Whose process this is: that of the command, or that of a program whose code called dateline.run().

A program may have threads, so nothing is forked for it unasked; and it may use of Beam what no flow of ours does.
"""

is_ours = False
"""Whether it is that of the command, which says so (runners/command/cli.py)."""
