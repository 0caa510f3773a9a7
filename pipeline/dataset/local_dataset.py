"""A dataset in a folder of this machine. What each method does is decided by the module that it calls.

LocalDataset("/data/news").root == LocalDataset("/data/news").name == "/data/news"
"""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from dateline.errors import DamagedFile
from dateline.pipeline.dataset import commit, relink, repair
from dateline.pipeline.dataset.interface import ArrowFiles, Dataset, Rebuild, Repaired
from dateline.pipeline.dataset.links import require_links
from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.prune import prune_versions
from dateline.pipeline.dataset.republish import Origin, publish
from dateline.pipeline.dataset.run_reports import newest_runs
from dateline.pipeline.dataset.safe_files import read_own, require_folders, require_own, size_in
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.version import (
    Manifest,
    Version,
    is_unfinished,
    latest_manifest,
    read_manifest,
    version_numbers,
)
from dateline.pipeline.dataset.visible import visible_files
from dateline.pipeline.names import JOURNAL, MANIFESTS, REPORT, RUNS, run_path, second_name


class LocalDataset(Dataset):
    """See Dataset, whose methods these are."""

    linked = "linked"

    def __init__(self, root: str) -> None:
        super().__init__(root, root)

    @contextmanager
    def opened(self, may_be_empty: bool = False) -> Iterator[Dataset]:
        require_own(self.root, here=True)
        yield self

    def enclosing(self) -> str | None:
        folder = os.path.realpath(self.root)
        while folder != (folder := os.path.dirname(folder)):
            if os.path.isdir(f"{folder}/{MANIFESTS}"):
                return folder
        return None

    def is_something_else(self) -> bool:
        return not version_numbers(self.root) and not is_unfinished(self.root)

    def sources_here(self) -> list[str]:
        manifest = latest_manifest(self.root) if os.path.isdir(self.root) else None
        return [dump["source"] for dump in manifest["dumps"]] if manifest else []

    def version(self, manifest: Manifest) -> Version:
        return Version(self.root, manifest)

    def arrow_files(self, number: int | None) -> ArrowFiles:
        from pyarrow.fs import LocalFileSystem

        require_own(self.root)
        manifest = latest_manifest(self.root) if number is None else read_manifest(self.root, number)
        if manifest is None:
            kept = ", ".join(map(str, version_numbers(self.root)))
            raise FileNotFoundError(
                f"{self.root} has no version {number}; it has {kept}"
                if kept
                else f"{self.root} holds no dataset"
            )
        return ArrowFiles(manifest, lambda file: self._kept_file(file["path"]), LocalFileSystem())

    def _kept_file(self, path: str) -> str:
        """Where a file of a version that is kept lies: in _versions; where a dataset was copied without that, in its place."""
        name = second_name(path)
        if size_in(self.root, name) is None:
            require_folders(self.root, path, set())
            size_in(self.root, path)
            return f"{self.root}/{path}"
        return f"{self.root}/{name}"

    def newest_number(self) -> int:
        return max(version_numbers(self.root), default=0)

    def is_being_changed(self, newest: int) -> bool:
        return any(Path(self.root, RUNS).glob(f"*/{JOURNAL}"))

    def paths(self) -> Iterator[str]:
        return visible_files(self.root)

    def wrong_copies(self, entries: Collection[dict[str, Any]]) -> dict[str, bool | None]:
        return {}  # both names are of one file

    def run_reports(self, most: int) -> Iterator[tuple[str, bytes]]:
        require_folders(self.root, f"{RUNS}/", set())
        try:
            runs = newest_runs(os.listdir(f"{self.root}/{RUNS}"), most)
        except FileNotFoundError:
            return
        for run in runs:
            try:
                yield run, read_own(self.root, run_path(run, REPORT))
            except (DamagedFile, OSError):  # a run that is under way has none; a link is nobody's report
                continue

    @contextmanager
    def checked_out(self, keep: int) -> Iterator[None]:
        require_own(self.root, here=True)
        yield

    def require_links(self, run: str) -> None:
        require_links(self.root, run)

    def recover(self, keep: int) -> list[str]:
        return commit.recover(self.root, keep)

    def make_ready(self, newest: Manifest) -> list[str]:
        return relink.make_ready(self.root, newest)

    def commit(self, manifest: Manifest, before: Manifest | None, files: Sequence[File]) -> None:
        commit.commit(self.root, manifest, before, files)

    def finish(self, run: str, keep: int) -> None:
        commit.finish(self.root, run, keep)

    def send_report(self, run: str) -> None:
        pass  # it is there

    def locked(self, run: str) -> AbstractContextManager[None]:
        return lock(self.root, run)

    def prune(self, keep: int) -> dict[str, Any]:
        return prune_versions(self.root, keep)

    def publish_again(self, made: Manifest, wanted: Manifest, newest: Manifest, run: str) -> None:
        origin = Origin(lambda path: f"{self.root}/{second_name(path)}", os.link)
        publish(self.root, made, newest, run, origin)

    def publish_from(self, source: str, made: Manifest, newest: Manifest, run: str) -> None:
        origin = Origin(lambda path: f"{source}/{path}", shutil.copyfile)
        publish(self.root, made, newest, run, origin)

    def find_manifests(self, run: str) -> Repaired:
        return Repaired([], [], [], [])  # a torn one is passed over by whoever reads

    def repair(self, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
        return repair.repair(self.root, manifests, run, rebuild)
