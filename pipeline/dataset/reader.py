"""Reading a version: a pyarrow dataset of exactly the files that its manifest lists.

It reads them by their names in _versions, which stay for as long as the version is kept: a run that commits
meanwhile takes nothing from a reader.
"""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from dateline.pipeline.dataset.safe_files import require_folders, require_own, size_in
from dateline.pipeline.dataset.store_manifests import manifest_at, newest_manifest
from dateline.pipeline.dataset.version import Manifest, latest_manifest, read_manifest, version_numbers
from dateline.pipeline.names import second_name
from dateline.pipeline.store.address import address_of, open_bucket
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
    if address := address_of(os.fspath(path)):
        manifest, place, filesystem = _in_store(address, version)
    else:
        manifest, place, filesystem = _in_folder(os.path.abspath(path), version)
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


Found: TypeAlias = tuple[Manifest, Callable[[dict[str, Any]], str], pafs.FileSystem]
"""A version's manifest, where the file of each of its entries lies, and where that is."""


def _in_folder(root: str, version: int | None) -> Found:
    require_own(root)
    manifest = latest_manifest(root) if version is None else read_manifest(root, version)
    if manifest is None:
        kept = ", ".join(map(str, version_numbers(root)))
        raise FileNotFoundError(
            f"{root} has no version {version}; it has {kept}" if kept else f"{root} holds no dataset"
        )
    return manifest, lambda file: _place(root, file["path"]), pafs.LocalFileSystem()


def _in_store(address: str, version: int | None) -> Found:
    bucket = open_bucket(address)
    manifest = newest_manifest(bucket) if version is None else manifest_at(bucket, version)
    if manifest is None:
        raise FileNotFoundError(
            f"{address} holds no dataset" if version is None else f"{address} has no version {version}"
        )
    return manifest, lambda file: bucket.place(file["stored"]), bucket.filesystem()


def _place(root: str, path: str) -> str:
    """In _versions; where a dataset was copied without the links there, in its place."""
    kept = second_name(path)
    if size_in(root, kept) is None:
        require_folders(root, path, set())
        size_in(root, path)
        return f"{root}/{path}"
    return f"{root}/{kept}"
