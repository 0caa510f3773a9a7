"""Dateline: dumps of Arab News pages in, one clean Arrow dataset out. Start reading in pipeline/flow.py."""

from importlib.metadata import version

__version__ = version("dateline")
