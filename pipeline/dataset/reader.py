"""Reading a version: a pyarrow dataset of exactly the files that its manifest lists.

It reads them by their names in _versions, which stay for as long as the version is kept: a run that commits
meanwhile takes nothing from a reader.
"""

import os

import pyarrow as pa
import pyarrow.dataset as ds

from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.open import dataset_at
from dateline.schemas.columns import arrow_schema

_DATES = {"day": pa.date32(), "month": pa.string(), "year": pa.int32()}
"""The type of the partition key `date`."""


def open_dataset(path: str | os.PathLike[str], version: int | None = None) -> ds.Dataset:
    """One committed version of a dataset. Files that a later schema added a column to are read with nulls.

    Args:
        path: the dataset: a folder, or s3:// or gs://BUCKET/FOLDER.
        version: its number; None for the newest.

    Returns:
        A dataset of the columns of schemas/article.schema.json, and `date`, the partition's: a date, or where
        the dataset's partitions are coarser the text YYYY-MM or the number of the year.

    Raises:
        FileNotFoundError: there is no dataset, or no such version of it any more.
        dateline.errors.NewerDataset: it was written by a newer program.
        dateline.errors.DamagedFile: its manifest is not valid, or there are links where it has folders and files.
        dateline.errors.StoreError: its store failed, or cannot be used as things are set up.
    """
    return arrow_dataset(dataset_at(os.fspath(path)), version)


def arrow_dataset(dataset: Dataset, version: int | None) -> ds.Dataset:
    """The same of a dataset that is open already. Raises what open_dataset() does."""
    manifest, place, filesystem = dataset.arrow_files(version)
    keys = pa.schema([("date", _DATES[manifest["settings"]["date_granularity"]]), ("region", pa.string())])
    hive = ds.partitioning(keys, flavor="hive")
    files = [file for file in manifest["files"] if file["kind"] == "articles"]
    return ds.FileSystemDataset.from_paths(
        [place(file) for file in files],
        schema=arrow_schema("article").append(keys.field("date")),
        format=ds.IpcFileFormat(),
        filesystem=filesystem,
        partitions=[hive.parse(os.path.dirname(file["path"])) for file in files],
    )
