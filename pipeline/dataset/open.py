"""Which class a dataset is of: the one place that tells a folder of this machine from an object store.

dataset_at("news")                              LocalDataset, in that folder
dataset_at("s3://bucket/news")                  StoreDataset, with a working copy in this user's caches
dataset_in("/home/me/.cache/dateline/1f38...")  StoreDataset, of the address that this working copy names
"""

import os
from functools import lru_cache

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.local_dataset import LocalDataset
from dateline.pipeline.dataset.store_dataset import StoreDataset
from dateline.pipeline.dataset.version import Version, read_manifest
from dateline.pipeline.dataset.working_copy import store_of, working_copy
from dateline.pipeline.names import manifest_name
from dateline.pipeline.store.address import address_of


def dataset_at(place: str, work_folder: str | None = None) -> Dataset:
    """The dataset that a user names; it need not be there yet.

    Args:
        place: a folder, or s3:// or gs://BUCKET/FOLDER. A working copy is taken for a folder here, and refused where it is
            opened.
        work_folder: in which the working copy of a dataset in a store lies; by default in this user's caches.

    Raises:
        Unusable: it is an address, and no good one.
    """
    address = address_of(place)
    return _dataset(address, working_copy(address, work_folder) if address else os.path.abspath(place))


def dataset_in(root: str) -> Dataset:
    """The dataset that a run works on, or a command looks at.

    Args:
        root: its folder; of one in a store the working copy, which was made by a Dataset.

    Raises:
        DamagedFile: the file that says which store it is of is not what a run writes.
    """
    return _dataset(store_of(root), root)


def _dataset(address: str, root: str) -> Dataset:
    return StoreDataset(address, root) if address else LocalDataset(root)


@lru_cache(2)
def open_version(root: str, number: int) -> Version | None:
    """A version, read once a process; None for number 0: there is none yet.

    Raises:
        DamagedFile: its manifest cannot be read.
    """
    if not number:
        return None
    manifest = read_manifest(root, number)
    if manifest is None:
        raise DamagedFile(f"{root}/{manifest_name(number)} cannot be read")
    return dataset_in(root).version(manifest)
