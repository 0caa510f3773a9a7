"""Names: the one grammar of what a dataset is made of; no other module puts a path of it together.

    date=2023-09-07/region=eastern-europe/part-<hash>.arrow    the file of a partition; the date may be a month or year
    _keys/part-<shard>-<hash>.arrow                            of a ledger; so are _duplicates and _rejected
    _manifests/<version>.json                                  version: eight digits
    _versions/<hash>                                           a file's second name
    _versions/<version>/<hash>.arrow                           the same in an object store
    _runs/<run>/                                               a run
    _runs/<version>/<run>/                                     the scratch of one that makes this version, in an object store

A dataset may come from anybody. So what a manifest, a journal, a receipt or a listing calls a file is held against this
before it is used: no name of this grammar leads out of the dataset, and none means a file that no run wrote.
"""

import re
from hashlib import sha256
from typing import Literal

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for a null partition value; readers turn it back into null."""

MANIFESTS, RUNS, VERSIONS = "_manifests", "_runs", "_versions"
DUPLICATES, REJECTED, KEYS = "_duplicates", "_rejected", "_keys"
LOCK, SEEN, STORE = "_lock", "_seen.json", "_store.json"
STRAYS = "strays"
"""What a repair moved out of sight, in its folder."""
SEEN_NEXT = "_seen.tmp"
"""SEEN as it is written."""
POINTER = f"{MANIFESTS}/latest.json"
"""In a store: what says from which version on to look for the newest."""
REPORTS = REPORT, PAGE = "report.json", "report.html"
"""The report of a run, in its folder: for programs, and for people."""
JOURNAL = "commit.json"
"""What a run is about to name and to replace, in its folder."""
STAGED, RECEIPTS = "staged", "receipts"
"""Folders of a run: the files that it wrote, which wait for their names, and what its tasks say of them."""
SPOOL, PARSED = "spool", "parsed"
"""What is not plain text, unpacked; and parsed records, which wait until it is known which win."""
SHUFFLED, PROGRESS = "shuffled", "progress"
"""Rows that go from one worker to another; and how far each worker is."""
STRETCHES = "stretches"
"""What is left to read, of which workers of one machine take from each other."""
RUN_PARTS = (STAGED, RECEIPTS, PROGRESS, SPOOL, PARSED, SHUFFLED, STRETCHES)
"""The folders that a run has only while it runs."""
FOLDERS = frozenset((MANIFESTS, RUNS, VERSIONS, DUPLICATES, REJECTED, KEYS))
"""The names of a dataset's own folders at its top, but for the partitions'."""
FILES = frozenset((LOCK, SEEN, SEEN_NEXT, STORE))
"""Of its own files there."""
PARTITION = "date="
"""What the name of a partition's upper folder begins with."""

Readers = Literal["any", "manifest"]
"""Who reads a dataset in a store: readers of its folder, too, or only who reads by its manifest."""
Granularity = Literal["day", "month", "year"]
GRANULARITIES: dict[Granularity, int] = {"day": 10, "month": 7, "year": 4}
"""How fine the partitions by date are, and how much of YYYY-MM-DD names one."""

LEDGERS = {DUPLICATES: "duplicates", KEYS: "keys", REJECTED: "rejected"}
"""The folder of each ledger, and the kind of its files."""

_HASH = "(?P<hash>[0-9a-f]{32})"
_FILE = re.compile(
    rf"(?:date=(?:[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}|{NULL_PARTITION})/region=[a-z]+(?:-[a-z]+)*/part-"
    rf"|(?P<ledger>{'|'.join(LEDGERS)})/part-[0-9]{{2}}-){_HASH}\.arrow"
)
_MANIFEST = re.compile(rf"{MANIFESTS}/(?P<version>[0-9]{{8}})\.json")
_STORED = re.compile(rf"{VERSIONS}/(?P<version>[0-9]{{8}})/{_HASH}\.arrow")
_UPLOADED = re.compile(rf"{VERSIONS}/(?P<version>[0-9]{{8}})/[^/]+")
_KEPT = re.compile(rf"{VERSIONS}/{_HASH}")
_SCRATCH = re.compile(rf"{RUNS}/(?P<version>[0-9]{{8}})/[^/]+/.+")
_RUN = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


def partition_folder(updated: str | None, region: str, granularity: Granularity = "day") -> str:
    """Where the rows of a day and region stand. Both come from fixed forms, never from a dump's text."""
    value = updated[: GRANULARITIES[granularity]] if updated else NULL_PARTITION
    return f"date={value}/region={region}"


def file_path(folder: str, digest: str, shard: int | None = None) -> str:
    """The path of a file in the dataset, which kind_of() knows.

    Args:
        folder: of its partition, or of its ledger.
        digest: the SHA-256 of its bytes, in hexadecimal.
        shard: of a ledger's file, its number.
    """
    return f"{folder}/part-{'' if shard is None else f'{shard:02d}-'}{digest[:32]}.arrow"


def shard_in(path: str) -> int:
    """The shard in the path of a ledger's file."""
    return int(path.rpartition("/")[2].split("-")[1])


def manifest_name(version: int) -> str:
    """The path of a version's manifest in the dataset."""
    return f"{MANIFESTS}/{version:08d}.json"


def version_of(name: str) -> int | None:
    """The version whose manifest has this path; None for any other path."""
    return _version_in(_MANIFEST, name)


def kind_of(path: str) -> str | None:
    """The kind of a file, by its path in the dataset; None for a path that no file of a dataset has."""
    match = _FILE.fullmatch(path)
    return LEDGERS.get(match["ledger"] or "", "articles") if match else None


def hash_of(path: str) -> str:
    """The hash in the name of a file that kind_of() knows: the first 32 digits of its SHA-256."""
    return path[-38:-6]


def second_name(path: str) -> str:
    """The second name of a file that kind_of() knows, in the dataset: its content's hash, below VERSIONS."""
    return f"{VERSIONS}/{hash_of(path)}"


def is_second_name(name: str) -> bool:
    """Whether this is a file's second name."""
    return bool(_KEPT.fullmatch(name))


def object_name(version: int, path: str) -> str:
    """The object that has a file's bytes, which a version's run wrote."""
    return f"{VERSIONS}/{version:08d}/{hash_of(path)}.arrow"


def object_version(name: str) -> int | None:
    """The version whose run wrote the object of this name; None for any other name."""
    return _version_in(_STORED, name)


def upload_version(name: str) -> int | None:
    """The version in whose folder of a store an object stands, also one of another name: uploads end up nowhere else."""
    return _version_in(_UPLOADED, name)


def _version_in(form: re.Pattern[str], name: str) -> int | None:
    match = form.fullmatch(name)
    return int(match["version"]) if match else None


def partition_or_shard(path: str) -> str:
    """What a file that kind_of() knows is the only one for: its partition's folder, or its ledger and shard."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{shard_in(path):02d}" if folder in LEDGERS else folder


def is_run(name: str) -> bool:
    """Whether a run may have this name."""
    return bool(_RUN.fullmatch(name))


def run_path(run: str, name: str) -> str:
    """The path in the dataset of something in a run's folder."""
    return f"{RUNS}/{run}/{name}"


def stray_path(run: str, path: str) -> str:
    """Where a repair moves what stands at a path and is listed nowhere."""
    return run_path(run, f"{STRAYS}/{path}")


def run_folder(root: str, run: str, part: str = "") -> str:
    """A run's folder, or one of the RUN_PARTS in it."""
    return f"{root}/{RUNS}/{run}/{part}" if part else f"{root}/{RUNS}/{run}"


def scratch_folder(version: int, run: str) -> str:
    """The folder of a run's scratch in an object store: by the version that it is about to make."""
    return f"{RUNS}/{version:08d}/{run}"


def scratch_place(place: str, address: str, version: int, run: str) -> str:
    """Where a run's scratch lies below an address that many datasets may share, or that is a dataset's own.

    Args:
        place: that address.
        address: the dataset's.
        version: the number of the version that the run is about to make.
        run: the run.
    """
    own = "" if place == address else f"/{sha256(address.encode()).hexdigest()[:16]}"
    return f"{place}{own}/{scratch_folder(version, run)}"


def scratch_version(name: str) -> int | None:
    """The version that a run was about to make, of whose scratch an object of this name is; None for any other name."""
    return _version_in(_SCRATCH, name)


def progress_folder(root: str, run: str) -> str:
    """Where the workers of a run say how far they are."""
    return run_folder(root, run, PROGRESS)


def dumps_list(scratch: str) -> str:
    """The file of a run's scratch that lists its dumps."""
    return f"{scratch}/{SPOOL}/dumps.json"
