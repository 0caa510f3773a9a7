"""Reading a version: a pyarrow dataset of exactly the files that its manifest lists.

A run that commits meanwhile may move a file to _retired, so each file is looked for in its place, there, and in
its place once more; as long as the version is kept, it is in one of them.
"""

import os
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from pipeline.dataset import RETIRED, latest_manifest, read_manifest, versions
from pipeline.rules.columns import arrow_schema

_DATES = {"day": pa.date32(), "month": pa.string(), "year": pa.int32()}
"""The type of the partition key `date`."""


def open_dataset(path: str | os.PathLike[str], version: int | None = None) -> ds.Dataset:
    """One committed version of a dataset. Files that a later schema added a column to are read with nulls.

    Args:
        path: the dataset.
        version: its number; None for the newest.

    Returns:
        A dataset of the columns of schemas/article.schema.json, and `date`, the partition's: a date, or where
        the dataset's partitions are coarser the text YYYY-MM or the number of the year.

    Raises:
        FileNotFoundError: there is no dataset, or no such version of it any more.
        pipeline.dataset.NewerDataset: it was written by a newer program.
    """
    root = os.path.abspath(path)
    manifest = latest_manifest(root) if version is None else read_manifest(root, version)
    if manifest is None:
        kept = ", ".join(map(str, versions(root)))
        raise FileNotFoundError(
            f"{root} has no version {version}; it has {kept}" if kept else f"{root} holds no dataset"
        )
    keys = pa.schema([("date", _DATES[manifest["settings"]["date_granularity"]]), ("region", pa.string())])
    hive = ds.partitioning(keys, flavor="hive")
    paths = [file["path"] for file in manifest["files"] if file["kind"] == "articles"]
    return ds.FileSystemDataset.from_paths(
        paths,
        schema=arrow_schema("article").append(keys.field("date")),
        format=ds.IpcFileFormat(),
        filesystem=pafs.PyFileSystem(VersionFiles(root)),
        partitions=[hive.parse(os.path.dirname(each)) for each in paths],
    )


class VersionFiles(pafs.FileSystemHandler):  # type: ignore[misc]  # Any to mypy
    """The files of a dataset by their names in a manifest, wherever they lie now. Nothing can be written."""

    def __init__(self, root: str) -> None:
        self._root = root

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionFiles) and other._root == self._root

    def __reduce__(self) -> Any:
        return VersionFiles, (self._root,)

    def get_type_name(self) -> str:
        return "dateline"

    def normalize_path(self, path: str) -> str:
        return path

    def open_input_file(self, path: str) -> pa.NativeFile:
        places = (path, f"{RETIRED}/{path}", path)
        for place in places[:-1]:
            try:
                return pa.memory_map(f"{self._root}/{place}")
            except FileNotFoundError:
                continue
        return pa.memory_map(f"{self._root}/{places[-1]}")

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return self.open_input_file(path)

    def get_file_info(self, paths: list[str]) -> list[pafs.FileInfo]:
        return [self._info(path) for path in paths]

    def _info(self, path: str) -> pafs.FileInfo:
        try:
            with self.open_input_file(path) as file:
                return pafs.FileInfo(path, pafs.FileType.File, size=file.size())
        except FileNotFoundError:
            return pafs.FileInfo(path, pafs.FileType.NotFound)

    def get_file_info_selector(self, selector: Any) -> NoReturn:
        self._refuse()

    def _refuse(self, *args: Any, **options: Any) -> NoReturn:
        raise OSError("a version is read by the names in its manifest, and never written")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_output_stream = open_append_stream = _refuse
