"""Dateline: dumps of Arab News pages in, one clean Arrow dataset out.

    import dateline

    dateline.run(["dumps/*.txt"], "news")
    dateline.open_dataset("news").to_table(columns=["updated", "headline"])

`__all__` is the public API; what it raises is in `dateline.errors`. All else may change from one version to the next.

Where the code is: `pipeline`, `runners` and `schemas` in this folder are relative links to the folders of these names at
the top of the repository, which stay there; through the links they are imported, checked and packed under one name, and
no other name of site-packages is taken. Import `dateline.pipeline...`, never `pipeline...`: that would be a second copy.
Start reading in pipeline/flow.py.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dateline import errors

if TYPE_CHECKING:
    import os

    from pyarrow.dataset import Dataset

    from dateline.pipeline.dataset.diff import Change
    from dateline.pipeline.verify.finding import Finding

__all__ = ["__version__", "diff", "errors", "log", "open_dataset", "run", "verify"]

# Arrow and Beam take a second to import: each function imports what it needs.


def open_dataset(path: "str | os.PathLike[str]", version: int | None = None) -> "Dataset":
    """One committed version of a dataset as a pyarrow dataset, whatever runs meanwhile.

    Args:
        path: a folder, or s3:// or gs://BUCKET/FOLDER.
        version: its number; None for the newest.

    Raises:
        FileNotFoundError: there is no dataset, or no such version of it any more.
        NewerDataset, DamagedFile, StoreError: of dateline.errors; see there.
    """
    from dateline.pipeline.dataset import reader

    return reader.open_dataset(path, version)


def run(inputs: "Sequence[str]", output: "str | os.PathLike[str]", **options: Any) -> dict[str, Any]:
    """Do what `dateline run` does: read dumps, and make or grow a dataset.

    Args:
        inputs: paths, addresses or patterns of the dumps, as --input takes them.
        output: the dataset's folder or address.
        options: those of the command line, with _ for -: crawl_date="2022-04-20", allow_empty=True. `workers` is 1 by
            default, which works in this process; more are forked from it, which a process with threads should not do.

    Returns:
        The outcome, as `dateline run --json` prints it; its "exit" is 0, or 3 where some input could not be used.

    Raises:
        UsageError, NewerDataset, Unusable: what was asked for cannot be done; nothing was done.
        Locked: another run is under way.
        RunFailed, DamagedFile, StoreError: the run failed, and nothing was committed.
        Uncertain: the store gave no answer; the next run finds out whether the version was made.
    """
    from dateline.runners.command import api

    return api.run(inputs, output, options)


def verify(
    dataset: "str | os.PathLike[str]",
    version: int | None = None,
    dumps: "Sequence[str]" = (),
    source_root: str | None = None,
) -> "list[Finding]":
    """Read all of a version again, and tell what is not as it must be; an empty list is a good dataset.

    Args:
        dataset: a folder or address.
        version: its number; None for the newest.
        dumps: patterns of its dumps, where they are at hand, to hold each row against its bytes.
        source_root: the folder below which a dump's path is its source.

    Raises:
        UsageError, StoreError, DamagedFile, NewerDataset: of dateline.errors.
    """
    from dateline.runners.command import api

    return api.verify(dataset, version, dumps, source_root)


def log(dataset: "str | os.PathLike[str]") -> list[dict[str, Any]]:
    """The versions that are kept, the newest first: what `dateline log --json` prints of each.

    Raises:
        UsageError, StoreError, DamagedFile, NewerDataset: of dateline.errors.
    """
    from dateline.runners.command import api

    return api.log(dataset)


def diff(dataset: "str | os.PathLike[str]", old: int, new: int) -> "list[Change]":
    """The articles that are not the same in two versions, by id.

    Raises:
        UsageError, StoreError, DamagedFile, NewerDataset: of dateline.errors.
    """
    from dateline.runners.command import api

    return api.diff(dataset, old, new)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("dateline")
    raise AttributeError(f"dateline has no {name!r}; its public names are {', '.join(__all__)}")
