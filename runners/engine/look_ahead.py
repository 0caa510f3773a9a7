"""Looking ahead: another process looks at a dataset of many files while this one imports Beam.

    of 25,000 files    0.17 s to see that each is there and of its size, 0.1 s to hash the ledgers
    of this process    0.35 s to import Beam and the flow

What the other process finds right this one and its workers need not look at. Where something is wrong, or nothing is said,
they look themselves, and say what is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dateline.pipeline.dataset.open import open_version
from dateline.pipeline.dataset.relink import shows
from dateline.runners.engine import own_process
from dateline.runners.engine.beside import beside

if TYPE_CHECKING:
    from dateline.pipeline.dataset.interface import Dataset
    from dateline.pipeline.dataset.version import Manifest, Version
    from dateline.pipeline.elements import Dump

FEW_FILES = 1000
"""So many are looked at before another process has begun."""


def make_ready(
    dataset: "Dataset", newest: "Manifest", dumps: "Sequence[Dump]", meanwhile: Callable[[], None]
) -> list[str]:
    """Have a dataset show its newest version, as Dataset.make_ready() does; what there is to say of that.

    Args:
        dataset: the caller holds its lock.
        newest: the manifest of its newest version.
        dumps: what is about to be read.
        meanwhile: what is done while another process looks, where there are new dumps: imports Beam.
    """
    open_version.cache_clear()  # what an earlier run of this process believed is not for this one to believe
    known = {dump["source"] for dump in newest["dumps"]}
    pays = len(newest["files"]) >= FEW_FILES and any(dump.source not in known for dump in dumps)
    if not own_process.is_ours or dataset.address or not pays:
        return dataset.make_ready(newest)
    version = open_version(dataset.root, newest["version"])
    assert version is not None
    with beside(partial(_look, version)) as told:
        meanwhile()
        if not told.first():
            return dataset.make_ready(newest)
        for entry in filter(None, map(version.same_place, told.so_far())):
            version.believe(entry)
    return []


def _look(version: "Version") -> Iterator[Any]:
    """Whether the folder shows the version; then the paths of its ledgers' files, as each is found to have its bytes."""
    yield shows(version.root, version.manifest)
    for kind in ("keys", "duplicates"):
        for entry in version.files(kind):
            version.read(entry, ["position"])
            yield entry["path"]
