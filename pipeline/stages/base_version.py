"""The version that a run builds on, as each worker reads it.

Where workers see the folder of the driver, they read the files there. Where they do not, each process has a working copy of
its own, with the manifest that it asks the store for, and those of the version's files that its tasks read.
"""

from functools import lru_cache

from dateline.errors import DamagedFile
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.open import open_version
from dateline.pipeline.dataset.store_manifests import manifest_at
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.dataset.working_copy import add_manifest, make_working_copy
from dateline.pipeline.names import manifest_name
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.scratch import own_folder


def base_version(config: Config) -> Version | None:
    """The version that a run builds on; None where it is the first. Raises what open_version() does."""
    if not config.base or config.has_common_folder:
        return open_version(config.output, config.base)
    return open_version(_own_copy(config.address, config.base, config.run).root, config.base)


@lru_cache(maxsize=1)
def _own_copy(address: str, number: int, run: str) -> "_Copy":
    """A working copy of this process, for a run, which shows a version."""
    copy = _Copy()
    manifest = manifest_at(open_bucket(address), number)
    if manifest is None:
        raise DamagedFile(
            f"{address}/{manifest_name(number)} is not there: was it pruned while the run read it?"
        )
    make_working_copy(copy.root, address)
    add_manifest(copy.root, manifest)
    return copy


class _Copy:
    def __init__(self) -> None:
        self.root = own_folder(self)
