"""Damaging a dataset on purpose: a file is rewritten and the manifest put right, so that only a deeper look finds it."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.names import manifest_name
from dateline.schemas.columns import arrow_schema, from_batch, to_batch

SCHEMA_OF = {"articles": "article", "keys": "duplicate", "duplicates": "duplicate", "rejected": "reject"}


class Dataset:
    """A dataset whose newest version is changed in place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = latest_manifest(str(root))

    def save(self) -> None:
        self.manifest["files"].sort(key=lambda entry: entry["path"])
        path = self.root / manifest_name(self.manifest["version"])
        path.write_text(json.dumps(self.manifest))

    def find(self, kind, test=lambda row: True):
        """The first row of a kind that a test is true of: its file's entry, and its number."""
        for entry in self.manifest["files"]:
            if entry["kind"] == kind:
                for number, row in enumerate(self.rows(entry)):
                    if test(row):
                        return entry, number
        raise AssertionError(f"no such row among the {kind}")

    def rows(self, entry):
        with pa.OSFile(str(self.root / entry["path"])) as source:
            return from_batch(pa.ipc.open_file(source).read_all())

    def row(self, kind, test=lambda row: True):
        entry, number = self.find(kind, test)
        return self.rows(entry)[number]

    def write(self, entry, rows, folder=None, shard=None) -> dict:
        """Put rows in place of a file's, under the name that their bytes give it; its entry in the manifest."""
        batch = to_batch(rows, arrow_schema(SCHEMA_OF[entry["kind"]]))
        return self.write_batch(entry, batch, folder, shard)

    def write_batch(self, entry, batch, folder=None, shard=None) -> dict:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, batch.schema) as file:
            file.write_batch(batch)
        content = sink.getvalue().to_pybytes()
        was, name = entry["path"].rsplit("/", 1)
        prefix = name[: -len("0" * 32 + ".arrow")] if shard is None else f"part-{shard:02d}-"
        digest = hashlib.sha256(content).hexdigest()
        (self.root / entry["path"]).unlink(missing_ok=True)
        entry |= {
            "path": f"{folder or was}/{prefix}{digest[:32]}.arrow",
            "rows": batch.num_rows, "bytes": len(content), "sha256": digest,
        }  # fmt: skip
        path = self.root / entry["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.save()
        return entry

    def add(self, kind, folder, rows) -> dict:
        """A file more."""
        entry = {"path": f"{folder}/part-{'0' * 32}.arrow", "kind": kind}
        self.manifest["files"].append(entry)
        return self.write(entry, rows)

    def change(self, kind, test, **values) -> tuple[dict, int]:
        """Give a row other values; where it stands."""
        entry, number = self.find(kind, test)
        rows = self.rows(entry)
        rows[number] |= values
        return self.write(entry, rows), number
