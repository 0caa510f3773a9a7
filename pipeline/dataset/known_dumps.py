"""Known dumps: which of a run's inputs a dataset has read already.

A dump is immutable: read again unchanged it changes nothing, and is skipped. The same source with other bytes
is refused by name, since its rows would say what no file holds. Mostly a dump need not be read for that:
_seen.json has how each file looked (its size, time of change, inode and the inode's time of change, which nobody can set
back; in a store its ETag for an inode) when its checksum was taken. It is only a memory of this machine; where it is
missing, damaged or does not match, the checksum is taken again.
"""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from dateline.errors import DamagedFile, RunFailed
from dateline.pipeline.atomic import whole_file
from dateline.pipeline.dataset.safe_files import parse_json, read_own, require_shape
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.find import Unreadable
from dateline.pipeline.names import SEEN, SEEN_NEXT
from dateline.pipeline.store.checksum import sha256_of
from dateline.pipeline.store.files import fingerprint_of, map_paths, size_of

Look: TypeAlias = list[int | str]
"""How a file looks: see fingerprint_of()."""

SETTLED_NS = 2_000_000_000
"""A file that changed this short a time before it was looked at may change again without a new time of change."""


class SortedInputs(NamedTuple):
    """A run's inputs, by what the dataset knows of them."""

    new: tuple[Dump, ...]
    unchanged: int
    """Dumps that were read before."""
    refused: tuple[Unreadable, ...]
    """Dumps whose name was read before, with other bytes."""


class ChecksumCache:
    """The checksums of files, remembered for as long as the files look the same."""

    def __init__(self, root: str) -> None:
        self._path = Path(root, SEEN)
        self._facts: dict[str, list[Any]] = {}
        self._taken: dict[str, str] = {}
        self.forgotten = ""
        """Why nothing is remembered of files that were seen; "" where that is not so."""
        try:
            text = read_own(root, SEEN)
            facts = parse_json(str(self._path), text, texts=False)
            shown = {ascii(name): look for name, look in facts.items()} if isinstance(facts, dict) else facts
            require_shape(str(self._path), shown, "seen")  # a name may have bytes that are not UTF-8
            self._facts = facts
        except FileNotFoundError:
            pass
        except DamagedFile as error:
            self.forgotten = str(error)

    def checksum(self, path: str) -> str:
        """The SHA-256 of a file, without reading it if it looks as it did."""
        look = fingerprint_of(path)
        known = self._facts.get(path)
        if known and known[:-1] == look:
            return str(known[-1])
        return self.take(path)

    def take(self, path: str) -> str:
        """The SHA-256 of a file, by reading it."""
        now, look = _now(), fingerprint_of(path)
        digest = sha256_of(path)
        self.remember(path, digest, now, look, fingerprint_of(path))
        return digest

    def remember(self, path: str, digest: str, now: int, before: Look, after: Look) -> None:
        """Take over the SHA-256 of a file that was read just now.

        Args:
            path: of the file.
            digest: its SHA-256.
            now: the time before it was looked at and read, in nanoseconds since 1970.
            before: how it looked then.
            after: how it looked when it had been read.
        """
        self._taken[path] = digest
        if before == after and changed_ns(before) < now - SETTLED_NS:
            self._facts[path] = [*before, digest]
        else:
            self._facts.pop(path, None)

    def is_as_taken(self, path: str) -> bool:
        """Whether a file has the bytes of which the checksum was last taken here; it is read."""
        return self._taken.get(path) == sha256_of(path)

    def save(self) -> None:
        """Write what is known, whole or not at all; a failure costs only time later."""
        temporary = str(self._path.with_name(SEEN_NEXT))
        with suppress(OSError), whole_file(str(self._path), temporary=temporary) as file:
            file.write(json.dumps(self._facts).encode())


def changed_ns(look: Sequence[int | str]) -> int:
    """When a file last changed, in nanoseconds since 1970: its bytes, its name, or its permissions."""
    return max(int(time) for time in (*look[1:2], *look[3:]))


class FilesRead:
    """The files of a run, from before it reads them on. A dump that changes under the run's hands has rows of some bytes, and a
    checksum of others."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._files = files_by_source(dumps)
        self._began = _now()
        self._looks = _looks_of(dumps)
        self._dumps = dumps
        self._checksums: Mapping[str, str] = {}

    def finish(self, checksums: Mapping[str, str], cache: ChecksumCache) -> None:
        """See that no file changed, and remember the checksums.

        Args:
            checksums: the SHA-256 of each file, by its path, taken since this was made.
            cache: the checksums that are remembered.

        Raises:
            RunFailed: one changed.
        """
        now = _looks_of(self._dumps)
        self._checksums = checksums
        for path, digest in checksums.items():
            cache.remember(path, digest, self._began, self._looks[path], now[path])
        # Where only its inode changed it may have been linked or renamed; then its bytes decide.
        changed = sorted(
            path
            for path, look in self._looks.items()
            if now[path] != look and (now[path][:3] != look[:3] or not cache.is_as_taken(path))
        )
        if changed:
            raise RunFailed(f"{changed[0]} changed while it was read; run again when it is whole", changed[0])

    def by_source(self) -> dict[str, tuple[int, str]]:
        """Source -> bytes and SHA-256, as checksums() has them."""
        sizes = {path: int(look[0]) for path, look in self._looks.items()}
        return _by_source(self._files, sizes, self._checksums)


def _looks_of(dumps: Sequence[Dump]) -> dict[str, Look]:
    """How each file of a run looks: to be held against how it looks when it has been read."""
    return map_paths(fingerprint_of, {dump.origin for dump in dumps})


def _now() -> int:
    return time.time_ns()


def files_by_source(dumps: Sequence[Dump]) -> dict[str, list[str]]:
    """Source -> the files that it is read from: one, but for the rejects of one dump."""
    files: dict[str, list[str]] = {}
    for dump in dumps:
        paths = files.setdefault(dump.source, [])
        if dump.origin not in paths:
            paths.append(dump.origin)
    return files


def checksums(
    files: Mapping[str, Sequence[str]], cache: ChecksumCache, read: bool
) -> dict[str, tuple[int, str]]:
    """Source -> bytes and SHA-256 of its file; of several files, of the list of their checksums.

    Args:
        files: as of files_by_source().
        cache: the checksums that are remembered.
        read: whether to take them anew all the same.
    """
    take = cache.take if read else cache.checksum
    paths = sorted({path for group in files.values() for path in group})
    with ThreadPoolExecutor(2) as pool:
        digest = dict(zip(paths, pool.map(take, paths), strict=True))
    return _by_source(files, map_paths(size_of, paths), digest)


def _by_source(
    files: Mapping[str, Sequence[str]], size: Mapping[str, int], digest: Mapping[str, str]
) -> dict[str, tuple[int, str]]:
    """Source -> bytes and SHA-256 of its file; of several files, of the list of their checksums.

    Args:
        files: as of files_by_source().
        size: bytes of each file, by its path.
        digest: its SHA-256.
    """
    return {
        source: (
            sum(size[path] for path in group),
            digest[group[0]]
            if len(group) == 1
            else sha256("\n".join(sorted(digest[path] for path in group)).encode()).hexdigest(),
        )
        for source, group in files.items()
    }


def sort_inputs(dumps: Sequence[Dump], manifest: Manifest, cache: ChecksumCache) -> SortedInputs:
    """Part a run's inputs into those that are new to a dataset, and those that are not.

    Args:
        dumps: the inputs, sorted by source.
        manifest: the version that the run builds on.
        cache: the checksums that are remembered.
    """
    # An empty dump was not read yet: it may be filled, and is taken then.
    known = {dump["source"]: dump for dump in manifest["dumps"] if dump["bytes"]}
    files = {source: paths for source, paths in files_by_source(dumps).items() if source in known}
    refused = []
    for source, (size, digest) in checksums(files, cache, read=False).items():
        dump = known[source]
        if (size, digest) != (dump["bytes"], dump["sha256"]):
            refused.append(
                Unreadable(
                    files[source][0],
                    f"a dump named {source!r} was read before, with other bytes ({dump['bytes']:,} then, {size:,} now); "
                    "a dump never changes: give this one another name",
                )
            )
    new = tuple(dump for dump in dumps if dump.source not in known and dump.size)
    return SortedInputs(new, len(files) - len(refused), tuple(refused))
