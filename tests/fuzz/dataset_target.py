"""What the fuzzer of datasets drives: any bytes in the place of each small file that a run leaves for the next.

Whatever stands there, it is what a run writes, or passed over, or refused; and what is beside the dataset stays.
"""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

from dateline import schemas
from dateline.errors import DamagedFile, NewerDataset
from dateline.pipeline.dataset import staging
from dateline.pipeline.dataset.commit import recover
from dateline.pipeline.dataset.known_dumps import ChecksumCache
from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.relink import relink
from dateline.pipeline.dataset.staging import File, Writer
from dateline.pipeline.dataset.store_manifests import newest_manifest, read_pointer
from dateline.pipeline.dataset.tally import Tally
from dateline.pipeline.dataset.version import Version, latest_manifest, unchecked_manifest
from dateline.pipeline.dataset.working_copy import store_of
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.names import POINTER, manifest_name, run_folder, second_name
from dateline.pipeline.verify import balance
from dateline.pipeline.verify.file_checks import check_changes, check_manifest, manifest_violation
from dateline.pipeline.verify.groups import Groups
from dateline.pipeline.verify.record_account import account_for
from dateline.pipeline.verify.settled import Settled, blocks_by_dump, checksums_of, leave, read_settled

RUN = "20261129T000000-0123abcd"
TEXTS = ("one", "two")
_PATHS = [
    f"date=2023-01-0{number}/region=unknown/part-{hashlib.sha256(text.encode()).hexdigest()[:32]}.arrow"
    for number, text in enumerate(TEXTS, 1)
]


def good_manifest(version: int = 1, stored: bool = False) -> dict:
    files = [
        {
            "path": path, "kind": "articles", "rows": 1, "bytes": len(text),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        | ({"stored": f"_versions/00000001/{path[-38:]}"} if stored else {})
        for path, text in zip(_PATHS, TEXTS, strict=True)
    ]  # fmt: skip
    return {
        "schema_version": schemas.VERSION, "version": version, "run": RUN, "made": "2026-01-01T00:00:00+00:00",
        "changes": {"dumps": ["a.txt"], "articles": 2, "duplicates": 0, "rejects": 0, "files": 2},
        "dumps": [{"source": "a.txt", "bytes": 3, "sha256": "0" * 64, "crawl_date": None}],
        "settings": {"same_headline_days": None, "date_granularity": "day"}, "files": files,
    }  # fmt: skip


class _Bucket:
    """A bucket that holds a dataset's pointer and manifests."""

    address = "s3://bucket/news"

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    def get(self, name: str) -> tuple[bytes, str] | None:
        return (self._objects[name], "tag") if name in self._objects else None


class Target:
    """A folder with a dataset, and what is beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder / "news")
        self._beside = folder / "beside"
        self._beside.mkdir(parents=True)
        (self._beside / "precious").write_text("not the dataset's")
        self._kinds = (
            self._manifest, self._journal, self._seen, self._store, self._lock, self._receipt, self._pointer,
            self._stored, self._settled,
        )  # fmt: skip

    def seeds(self) -> list[bytes]:
        """A good file of each kind."""
        self._fresh()
        staging.prepare(self.root, RUN)
        entry = good_manifest()["files"][0]
        fields = {name: entry[name] for name in ("path", "kind", "rows", "bytes", "sha256")}
        staged = f"{self.root}/_runs/{RUN}/staged/{'0' * 32}"
        writer = Writer(run_folder(self.root, RUN))
        writer.receipt(
            "task",
            [File(**fields, staged=staged, tally=Tally(1, 9, 5), facts={"reasons": {"no_headline": 1}})],
        )
        settled = Settled(9, 0, [Tally(1, 9, 5), Tally(), Tally()], [[1], [0], [0]], ["0" * 64], [])
        leave(run_folder(self.root, RUN), 0, settled)
        left = Path(self.root, "_runs", RUN, "receipts/settled-0.json").read_bytes()
        receipt = Path(self.root, "_runs", RUN, "receipts/task.arrow").read_bytes()
        texts = (
            good_manifest(2), {"version": 2, "named": _PATHS[:1], "replaced": _PATHS[1:]},
            {"/dump": [3, 1, 2, 1, "0" * 64]}, {"address": "s3://bucket/news"},
            {"run": RUN, "pid": 1, "host": "here", "since": "now"}, receipt, {"version": 1, "tidied": 1},
            good_manifest(1, stored=True), left,
        )  # fmt: skip
        return [
            bytes([kind]) + (text if isinstance(text, bytes) else json.dumps(text).encode())
            for kind, text in enumerate(texts)
        ]

    def drive(self, data: bytes) -> None:
        """Put bytes in the place that their first one names, and work with the dataset.

        Raises:
            AssertionError: what is beside it is not what it was.
        """
        if not data:
            return
        self._fresh()
        with contextlib.suppress(DamagedFile, NewerDataset):
            self._kinds[data[0] % len(self._kinds)](data[1:])
        assert os.listdir(self._beside) == ["precious"]
        assert (self._beside / "precious").read_text() == "not the dataset's"
        assert sorted(os.listdir(self._beside.parent)) == ["beside", "news"]

    def _fresh(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        self._put(manifest_name(1), json.dumps(good_manifest()).encode())
        for path, text in zip(_PATHS, TEXTS, strict=True):
            self._put(path, text.encode())
            self._put(second_name(path), text.encode())

    def _put(self, name: str, data: bytes) -> None:
        path = Path(self.root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def _manifest(self, data: bytes) -> None:
        self._put(manifest_name(2), data)
        try:
            manifest = latest_manifest(self.root)
            assert manifest is not None
            for file in manifest["files"]:
                inside = os.path.realpath(f"{self.root}/{file['path']}")
                assert inside == f"{os.path.realpath(self.root)}/{file['path']}"
            relink(self.root, manifest)
        finally:  # what is not valid, verify tells
            found = unchecked_manifest(self.root, 2)
            if found is not None and manifest_violation(found, 2) is None:
                list(check_manifest(found, 2))
                list(check_changes(Version(self.root, found), 2))

    def _journal(self, data: bytes) -> None:
        self._put(f"_runs/{RUN}/commit.json", data)
        recover(self.root, 2)
        for path in _PATHS:  # the newest version lists them, whatever a journal says
            assert os.path.exists(f"{self.root}/{path}")

    def _seen(self, data: bytes) -> None:
        self._put("_seen.json", data)
        dump = f"{self._beside}/precious"
        seen = ChecksumCache(self.root)
        assert seen.checksum(dump) == hashlib.sha256(b"not the dataset's").hexdigest()
        seen.save()

    def _store(self, data: bytes) -> None:
        self._put("_store.json", data)
        assert isinstance(store_of(self.root), str)

    def _lock(self, data: bytes) -> None:
        self._put("_lock", data)
        with lock(self.root, RUN):
            pass

    def _receipt(self, data: bytes) -> None:
        staging.prepare(self.root, RUN)
        self._put(f"_runs/{RUN}/receipts/task.arrow", data)
        for file in staging.read_receipts(run_folder(self.root, RUN), ()):
            assert ".." not in file.path + file.staged
            assert file.staged.startswith(f"{self.root}/_runs/{RUN}/staged/") or not file.staged

    def _settled(self, data: bytes) -> None:
        staging.prepare(self.root, RUN)
        self._put(f"_runs/{RUN}/receipts/settled-0.json", data)
        dumps = [Dump(f"{self._beside}/precious", "a.txt", 9)]
        (found,) = read_settled(run_folder(self.root, RUN), dumps, Groups(dumps))
        assert found is not None
        checksums_of(dumps, Groups(dumps), [found])
        blocks_by_dump([found])
        balance.settle(dumps, Groups(dumps), [], [found])
        account_for(dumps, [found.parts], Columns())

    def _pointer(self, data: bytes) -> None:
        said = read_pointer(_Bucket({POINTER: data}))
        assert said is not None
        assert said.version >= 0 <= said.tidied

    def _stored(self, data: bytes) -> None:
        pointer = b'{"version": 1, "tidied": 1}'
        manifest = newest_manifest(_Bucket({POINTER: pointer, manifest_name(1): data}))
        assert manifest is not None
        assert all(file["stored"].startswith("_versions/00000001/") for file in manifest["files"])
