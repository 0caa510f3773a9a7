"""Links: how the files of a dataset get their names in it, and lose them. No link on the way is followed.

    date=2023-09-07/region=unknown/part-1f38...arrow    its place, where readers of the folder look
    _versions/1f38...                                   its second name, for readers of a version

Both are hard links to one file, which is there until the last of them is removed.
"""

import errno
import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from dateline.errors import UsageError
from dateline.pipeline.dataset.safe_files import require_folders, size_in
from dateline.pipeline.dataset.staging import prepared
from dateline.pipeline.names import STAGED, run_folder, second_name

NO_LINKS = {
    errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL, errno.EXDEV
}  # fmt: skip
"""What file systems say that have no hard links, or not here."""


def require_links(root: str, run: str) -> None:
    """See that a file of a dataset can have two names. The caller holds the lock.

    Args:
        root: the dataset, or the folder that is to be one.
        run: what this is done for.

    Raises:
        UsageError: it cannot.
    """
    with prepared(root, run):
        file = f"{run_folder(root, run, STAGED)}/one"
        with open(file, "x"):
            pass
        try:
            os.link(file, f"{file}-more")
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            raise UsageError(
                f"{root} is on a file system without hard links ({error.strerror}), and a file of a dataset has two names; give "
                "a folder of another disk (ext4, XFS, Btrfs, ZFS, APFS and NFS have them), or an address such as s3://bucket/news"
            ) from None


def put_in_place(
    call: Callable[[str, str], None], source: str, root: str, path: str, checked: set[str]
) -> None:
    """Link or rename a file to a name of the dataset, whose folder may have to be made.

    Args:
        call: os.link, os.rename or link_anew.
        source: where the file is.
        root: the dataset.
        path: the name, in it.
        checked: as of require_folders().

    Raises:
        DamagedFile: a folder on the way is a link.
        OSError: what the call raises.
    """
    _have_folder(root, path.rpartition("/")[0], checked)
    call(source, f"{root}/{path}")


def link_anew(source: str, target: str) -> None:
    """Link a file to a name, in place of what has it."""
    try:
        os.link(source, target)
    except FileExistsError:
        os.unlink(target)
        os.link(source, target)


def _have_folder(root: str, folder: str, checked: set[str]) -> None:
    """Have a folder of a dataset, and those above it. Most are new: to make one first takes less time than to look for it."""
    if not folder or folder in checked:
        return
    _have_folder(root, folder.rpartition("/")[0], checked)
    try:
        os.mkdir(f"{root}/{folder}")
    except FileExistsError:
        require_folders(root, f"{folder}/", checked)
    checked.add(folder)


def link_second_names(root: str, paths: Iterable[str]) -> None:
    """Give files their second names, where they have none: a dataset may have been copied without its links."""
    checked: set[str] = set()
    for path in paths:
        require_folders(root, path, checked)
        if size_in(root, path) is not None:
            with suppress(FileExistsError, FileNotFoundError):
                put_in_place(os.link, f"{root}/{path}", root, second_name(path), checked)


def remove_files(root: str, paths: Iterable[str]) -> None:
    """Remove files by these names, and folders that are empty then; a name that is not there is none to remove.

    Raises:
        DamagedFile: a folder on the way is a link.
    """
    checked: set[str] = set()
    for path in paths:
        require_folders(root, path, checked)
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(f"{root}/{path}")
        _remove_empty(root, os.path.dirname(path))


def _remove_empty(root: str, folder: str) -> None:
    while folder:
        try:
            os.rmdir(f"{root}/{folder}")
        except FileNotFoundError:
            pass  # gone already; its parent may be empty all the same
        except OSError:
            return
        folder = os.path.dirname(folder)
