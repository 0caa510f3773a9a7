"""Dateline: dumps of Arab News pages in, one clean Arrow dataset out. Start reading in pipeline/flow.py."""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from pyarrow.dataset import Dataset

__version__ = _version("dateline")


def open_dataset(path: "str | os.PathLike[str]", version: int | None = None) -> "Dataset":
    """One committed version of a dataset, the newest by default; see pipeline.reader.open_dataset()."""
    from pipeline import reader  # Arrow takes a second to import, and `dateline --version` needs none

    return reader.open_dataset(path, version)
