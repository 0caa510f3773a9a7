"""The working copy of a dataset in an object store: a folder of this machine that looks like the dataset.

~/.cache/dateline/1f3870be274f6c49/     the folder of one address, the same for each run
    _store.json                         {"address": "s3://bucket/news"}
    _manifests/00000012.json            of the version that a run builds on, or of all that a command looks at
    _keys/part-00-<hash>.arrow          a file, once it is read
    _lock, _seen.json                   stay from run to run
"""

import os
import shutil
from hashlib import sha256

from dateline.pipeline.atomic import write_json
from dateline.pipeline.dataset.safe_files import read_json
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import MANIFESTS, STORE, manifest_name


def working_copy(address: str, folder: str | None = None) -> str:
    """The folder for a dataset's working copy, the same for each run: below `folder`, or in this user's caches."""
    if folder is None:
        folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "dateline")
    return os.path.join(os.path.abspath(folder), sha256(address.encode()).hexdigest()[:16])


def make_working_copy(root: str, address: str) -> None:
    """Make a folder the working copy of a dataset; no version is in it yet."""
    os.makedirs(f"{root}/{MANIFESTS}", exist_ok=True)
    write_json(f"{root}/{STORE}", {"address": address})


def store_of(root: str) -> str:
    """The address of the dataset that a folder is the working copy of; "" for a dataset that lies in the folder.

    Raises:
        DamagedFile: the file that says so is not what a run writes.
    """
    found = read_json(root, STORE, "store")
    return str(found["address"]) if found else ""


def add_manifest(root: str, manifest: Manifest) -> None:
    """Have a working copy show a version, too."""
    write_json(f"{root}/{manifest_name(manifest['version'])}", manifest)


def remove_all_but(root: str, *names: str) -> None:
    """Remove all that is in a folder but the entries of these names."""
    for entry in os.scandir(root):
        if entry.name not in names:
            shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
