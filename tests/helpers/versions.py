"""Versions made of small files, without a flow: what the commit sees."""

import hashlib
import os
from pathlib import Path

from dateline import schemas
from dateline.pipeline import names
from dateline.pipeline.dataset import staging
from dateline.pipeline.dataset import version as dataset
from dateline.pipeline.dataset.commit import manifest_of, next_version
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.local_dataset import LocalDataset
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.tally import Tally

SETTINGS = {"same_headline_days": None, "date_granularity": "day"}
KEEP = 2


class Folder:
    """A dataset whose partitions hold a text each, and all that was ever written to it."""

    def __init__(self, root: Path, dataset: Dataset | None = None) -> None:
        """dataset: of which that is the working copy."""
        self.root = str(root)
        self.dataset = dataset or LocalDataset(self.root)
        os.makedirs(self.root, exist_ok=True)
        self.contents: dict[str, bytes] = {}
        self.expected: dict[int, set[str]] = {}
        self._runs = 0

    def stage(self, partitions: dict[str, str | None]) -> tuple[str, list[File]]:
        """A run's staged files: a text for each partition, or None for one that it empties."""
        self._runs += 1
        run = f"run-{self._runs}"
        staging.prepare(self.root, run)
        before = self.latest()
        files = []
        for partition, text in partitions.items():
            folder = f"date={partition}/region=unknown"
            if text is None:
                entry = before.partition(folder) if before else None
                if entry:
                    files.append(File(entry["path"], "", "articles", 0, 0, "", Tally(), {}))
                continue
            data = text.encode()
            digest = hashlib.sha256(data).hexdigest()
            target = Path(self.root, "_runs", run, "staged", digest[:32])
            if target.exists():  # as a run does it
                target = target.with_name(partition)
            target.write_bytes(data)
            path = f"{folder}/part-{digest[:32]}.arrow"
            self.contents[path] = data
            files.append(File(path, str(target), "articles", 1, len(data), digest, Tally(), {}))
        return run, files

    def latest(self) -> dataset.Version | None:
        manifest = dataset.latest_manifest(self.root)
        return dataset.Version(self.root, manifest) if manifest else None

    def commit(self, run: str, files: list[File], keep: int = KEEP) -> None:
        """As a run does it, to the end."""
        before = self.latest()
        number = next_version(self.root)
        facts = {
            "schema_version": schemas.VERSION,
            "version": number,
            "run": run,
            "made": "2026-01-01T00:00:00+00:00",
            "changes": {"dumps": [], "articles": 0, "duplicates": 0, "rejects": 0, "files": 0},
            "settings": SETTINGS,
        }
        manifest = manifest_of(before.manifest if before else None, facts, files, [])
        self.expected[number] = {file["path"] for file in manifest["files"]}
        self.dataset.commit(manifest, before.manifest if before else None, files)
        self.dataset.finish(run, keep)
        staging.clean_up(self.root, run)

    def check_versions(self, keep: int = KEEP) -> int:
        """Every kept version is whole, wherever its files lie; the number of the newest."""
        numbers = dataset.version_numbers(self.root)
        for number in numbers[-keep:]:
            manifest = dataset.read_manifest(self.root, number)
            assert manifest is not None
            version = dataset.Version(self.root, manifest)
            paths = {file["path"] for file in version.files()}
            assert paths == self.expected[number]
            for path in paths:
                assert Path(version.locate(path)).read_bytes() == self.contents[path]
        return numbers[-1] if numbers else 0

    def check_tidy(self, keep: int = KEEP, folders: bool = True) -> None:
        """What a reader of the folder sees is the newest version; nothing lies about that no kept one needs.

        folders: also no empty folder, which nobody minds and a refused rmdir leaves.
        """
        newest = self.check_versions(keep)
        numbers = dataset.version_numbers(self.root)
        assert numbers == list(range(1, newest + 1))[-keep:] or len(numbers) <= keep
        files = {str(p.relative_to(self.root)) for p in Path(self.root).rglob("*") if p.is_file()}
        visible = {path for path in files if path[0] not in "_."}
        assert visible == (self.expected[newest] if newest else set())
        needed = set().union(*(self.expected[number] for number in numbers))
        assert {path for path in files if path.startswith("_versions/")} == set(
            map(names.second_name, needed)
        )
        assert {path for path in files if path.startswith("_runs/")} == set()
        empty = {p for p in Path(self.root).glob("date=*") if not list(p.rglob("*.arrow"))}
        assert not folders or empty == set()
