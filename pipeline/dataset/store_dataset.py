"""A dataset in an object store. What each method does is decided by the module that it calls.

StoreDataset("s3://bucket/news", "/home/me/.cache/dateline/1f3870be274f6c49")
"""

import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from dateline.errors import DamagedFile, StoreError, Unusable
from dateline.pipeline.dataset import commit_store, repair_store
from dateline.pipeline.dataset.interface import ArrowFiles, Dataset, Rebuild, Repaired
from dateline.pipeline.dataset.prune import prune_store
from dateline.pipeline.dataset.republish import publish_in_store, require_kept
from dateline.pipeline.dataset.run_reports import newest_runs
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.store_manifests import manifest_at, newest_manifest, read_pointer
from dateline.pipeline.dataset.store_objects import check_bytes
from dateline.pipeline.dataset.version import Manifest, Version
from dateline.pipeline.dataset.working_copy import add_manifest, make_working_copy
from dateline.pipeline.names import REPORT, REPORTS, RUNS, run_folder, run_path
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.bucket import Bucket, in_parallel


class StoreVersion(Version):
    """A version whose files are fetched into the working copy, each once it is read."""

    def __init__(self, root: str, manifest: Manifest, address: str) -> None:
        super().__init__(root, manifest)
        self._address = address

    def locate(self, path: str) -> str:
        """Where a file of this version lies in the working copy.

        Raises:
            DamagedFile: there is a link on the way.
            OSError: it is not in the store, or has other bytes there.
            dateline.errors.StoreError: the store failed.
        """
        place = f"{self.root}/{path}"
        if not self.is_in_place(path):
            entry = self.same_place(path)
            assert entry is not None
            open_bucket(self._address).download(entry["stored"], place, entry["sha256"])
        return place


class StoreDataset(Dataset):
    """See Dataset, whose methods these are."""

    linked = "copied"

    def __init__(self, address: str, root: str) -> None:
        super().__init__(root, address)
        self.address = address

    @property
    def bucket(self) -> Bucket:
        """The objects of the dataset. Opened anew each time: a client is of one process, and this one may fork."""
        return open_bucket(self.name)

    @contextmanager
    def opened(self, may_be_empty: bool = False) -> Iterator[Dataset]:
        bucket = self.bucket
        manifest = newest_manifest(bucket)
        if manifest is None and not may_be_empty:
            raise Unusable(f"{self.name} holds no dataset")
        with tempfile.TemporaryDirectory(prefix="dateline-") as folder:
            make_working_copy(folder, self.name)
            while manifest:
                add_manifest(folder, manifest)
                older = manifest["version"] - 1
                manifest = manifest_at(bucket, older) if older else None
            yield StoreDataset(self.name, folder)

    def enclosing(self) -> str | None:
        scheme, _, rest = self.name.partition("://")
        bucket, *folders = rest.split("/")
        for count in range(1, len(folders)):
            address = f"{scheme}://{'/'.join([bucket, *folders[:count]])}"
            with suppress(StoreError, DamagedFile):  # what may not be read is no reason not to write below it
                if newest_manifest(open_bucket(address)):
                    return address
        return None

    def is_something_else(self) -> bool:
        return False  # checked_out() looks at that

    def sources_here(self) -> list[str]:
        return []

    def version(self, manifest: Manifest) -> Version:
        return StoreVersion(self.root, manifest, self.name)

    def arrow_files(self, number: int | None) -> ArrowFiles:
        bucket = self.bucket
        manifest = newest_manifest(bucket) if number is None else manifest_at(bucket, number)
        if manifest is None:
            raise FileNotFoundError(
                f"{self.name} holds no dataset" if number is None else f"{self.name} has no version {number}"
            )
        return ArrowFiles(manifest, lambda file: bucket.arrow_path(file["stored"]), bucket.filesystem())

    def newest_number(self) -> int:
        manifest = newest_manifest(self.bucket)
        return int(manifest["version"]) if manifest else 0

    def is_being_changed(self, newest: int) -> bool:
        pointer = read_pointer(self.bucket)
        return pointer is None or pointer.tidied < newest

    def paths(self) -> Iterator[str]:
        return self.bucket.names()

    def wrong_copies(self, entries: Collection[dict[str, Any]]) -> dict[str, bool | None]:
        looked = check_bytes(self.bucket, ((entry["path"], entry) for entry in entries))
        return {path: whole for path, whole in looked.items() if not whole}

    def run_reports(self, most: int) -> Iterator[tuple[str, bytes]]:
        bucket = self.bucket
        names = {name for name in bucket.names(f"{RUNS}/") if name.endswith(f"/{REPORT}")}
        found: dict[str, bytes] = {}

        def fetch(run: str) -> None:
            if there := bucket.get(run_path(run, REPORT)):
                found[run] = there[0]

        runs = newest_runs((name.split("/")[1] for name in names if name.count("/") == 2), most)
        in_parallel(fetch, runs)
        yield from ((run, found[run]) for run in runs if run in found)

    def checked_out(self, keep: int) -> AbstractContextManager[None]:
        return commit_store.checked_out(self.bucket, self.root, keep)

    def require_links(self, run: str) -> None:
        pass  # an object has one name

    def recover(self, keep: int) -> list[str]:
        return []  # what a dead run left is in no folder, and the next that commits removes it

    def make_ready(self, newest: Manifest) -> list[str]:
        return []  # checked_out() does that

    def commit(self, manifest: Manifest, before: Manifest | None, files: Sequence[File]) -> None:
        commit_store.commit(self.bucket, self.root, manifest, before, files)

    def finish(self, run: str, keep: int) -> None:
        commit_store.finish(self.bucket, self.root, keep)

    def send_report(self, run: str) -> None:
        bucket = self.bucket
        for name in REPORTS:
            bucket.put(run_path(run, name), Path(run_folder(self.root, run), name).read_bytes())

    def locked(self, run: str) -> AbstractContextManager[None]:
        return nullcontext()

    def prune(self, keep: int) -> dict[str, Any]:
        return prune_store(self.bucket, self.root, keep)

    def publish_again(self, made: Manifest, wanted: Manifest, newest: Manifest, run: str) -> None:
        require_kept(self.bucket, wanted, newest)
        publish_in_store(self.bucket, self.root, made, wanted)

    def publish_from(self, source: str, made: Manifest, newest: Manifest, run: str) -> None:
        publish_in_store(self.bucket, self.root, made, newest, source)

    def find_manifests(self, run: str) -> Repaired:
        return repair_store.find_manifests(self.bucket, run)

    def repair(self, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
        return repair_store.repair(self.bucket, manifests, run, rebuild)
