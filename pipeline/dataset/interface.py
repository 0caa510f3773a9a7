"""The interface of a dataset: what can be asked of one, and done to it, wherever its files lie.

    dataset = dataset_at("s3://bucket/news")        # open.py chooses the class
    with dataset.opened() as dataset:
        print(dataset.name, version_numbers(dataset.root))

LocalDataset is a folder of this machine. StoreDataset lies in an object store, and is worked on in a folder of this machine,
its working copy: that has the manifests, and a file once it is read. So whatever only reads manifests takes `root`, a path,
and need not know which of the two it has.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.version import Manifest, Version

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


class ArrowFiles(NamedTuple):
    """Where pyarrow finds the files of a version."""

    manifest: Manifest
    place: Callable[[dict[str, Any]], str]
    """From a file's entry in the manifest to its path in the file system."""
    filesystem: "FileSystem"


class Repaired(NamedTuple):
    """What a repair did, in paths of the dataset."""

    linked: list[str]
    """Names that files of the versions have again: as links, in a store as copies."""
    made: list[str]
    """Files that were made again from their dumps."""
    moved: list[str]
    """Paths that no version lists, and that readers do not see any more."""
    lost: list[str]
    """Files that are whole nowhere."""


Rebuild = Callable[[Manifest], str]
"""Makes a version once more from its dumps; the path of the dataset that it made."""


class Dataset(ABC):
    """A dataset. What it raises besides what is said: DamagedFile, NewerDataset, StoreError, OSError."""

    address = ""
    """Of a dataset in a store; "" for one that lies in a folder."""
    linked: ClassVar[str]
    """What repair() does to give a file a name again, as a word: "linked" or "copied"."""

    def __init__(self, root: str, name: str) -> None:
        """
        Args:
            root: the folder of this machine in which the dataset, or its working copy, lies.
            name: what messages call it: the folder, or the address.
        """
        self.root = root
        self.name = name

    # What is there

    @abstractmethod
    def opened(self, may_be_empty: bool = False) -> "AbstractContextManager[Dataset]":
        """The dataset with all its versions readable in its `root`.

        Args:
            may_be_empty: whether there may be no version.

        Raises:
            Unusable: a store cannot be used as things are set up, or has no dataset there.
        """

    @abstractmethod
    def enclosing(self) -> str | None:
        """The dataset in whose folders this one lies, or would; None where it lies in none."""

    @abstractmethod
    def is_something_else(self) -> bool:
        """Whether a run may not write here, since there is something that is no dataset. Looked at before the lock is made."""

    @abstractmethod
    def sources_here(self) -> list[str]:
        """The sources of the dumps that were read, as far as `root` tells before it is checked out."""

    @abstractmethod
    def version(self, manifest: Manifest) -> Version:
        """The version of a manifest, whose files can be read."""

    @abstractmethod
    def arrow_files(self, number: int | None) -> ArrowFiles:
        """Where pyarrow reads a version, the newest where no number is given.

        Raises:
            FileNotFoundError: there is no dataset, or no such version.
        """

    @abstractmethod
    def newest_number(self) -> int:
        """The number of the newest version as of now, 0 where there is none; of a store it is asked."""

    @abstractmethod
    def is_being_changed(self, newest: int) -> bool:
        """Whether a run is changing what readers of the folder see, or died at it; `newest` is the newest version."""

    @abstractmethod
    def paths(self) -> Iterable[str]:
        """The paths of all files that readers of the folder may come upon, and of the ledgers' files."""

    @abstractmethod
    def wrong_copies(self, entries: Collection[dict[str, Any]]) -> dict[str, bool | None]:
        """The files of the newest version that readers of the folder see otherwise than its manifest says.

        Args:
            entries: what the manifest says of its files.

        Returns:
            By path, False for other bytes and None for no file. Nothing where the folder's files are those of the version.
        """

    @abstractmethod
    def run_reports(self, most: int) -> Iterator[tuple[str, bytes]]:
        """The reports of the newest runs, the newest first: each run's name, and the bytes of its report.json.

        Args:
            most: how many runs are looked at; those without a report among them.
        """

    # A run

    @abstractmethod
    def checked_out(self, keep: int) -> AbstractContextManager[None]:
        """Have `root` show the newest version, for a run to build upon. The caller holds the lock of `root`.

        Args:
            keep: how many versions are kept.

        Raises:
            Unusable: a store cannot be used as things are set up, cannot refuse to replace, or has something else there.
        """

    @abstractmethod
    def require_links(self, run: str) -> None:
        """See that a file can have two names, where it has to.

        Raises:
            UsageError: it cannot.
        """

    @abstractmethod
    def recover(self, keep: int) -> list[str]:
        """Put in order what dead runs left; their names. The caller holds the lock."""

    @abstractmethod
    def make_ready(self, newest: Manifest) -> list[str]:
        """Have the folder show its newest version; what there is to say of that. The caller holds the lock."""

    @abstractmethod
    def commit(self, manifest: Manifest, before: Manifest | None, files: Sequence[File]) -> None:
        """Make a version. The caller holds the lock, and calls finish() afterwards.

        Args:
            manifest: of the new version; in a store it gets the name of each file's object.
            before: of the version that it builds on.
            files: what the run staged.

        Raises:
            Locked: in a store another run has made this version meanwhile.
            Uncertain: whether it was made is not known.
        """

    @abstractmethod
    def finish(self, run: str, keep: int) -> None:
        """What remains once a run's version is published. If this fails, the next run does it.

        Args:
            run: the run.
            keep: how many versions are kept, the new one among them.
        """

    @abstractmethod
    def send_report(self, run: str) -> None:
        """Have a run's report, which is in its folder of `root`, be where the dataset is."""

    # What the other commands do

    @abstractmethod
    def locked(self, run: str) -> AbstractContextManager[None]:
        """Hold the dataset for one command; a store needs no lock.

        Raises:
            Locked: another process holds it.
        """

    @abstractmethod
    def prune(self, keep: int) -> dict[str, Any]:
        """Remove all versions but the newest, and what only they needed. The caller holds the lock.

        Args:
            keep: how many versions stay.

        Returns:
            The runs whose remains were put in order; the versions that went; how many files and bytes went.
        """

    @abstractmethod
    def publish_again(self, made: Manifest, wanted: Manifest, newest: Manifest, run: str) -> None:
        """Make a version of the files of another version that is kept. The caller holds the lock.

        Args:
            made: the manifest of the new version.
            wanted: of the version whose files it lists.
            newest: of the newest version.
            run: what this is called.

        Raises:
            DamagedFile: a file of the version is missing, or has other bytes.
            Locked: in a store another run has made a version meanwhile, or removed this one.
        """

    @abstractmethod
    def publish_from(self, source: str, made: Manifest, newest: Manifest, run: str) -> None:
        """Make a version of the files of another dataset, a folder of this machine. The caller holds the lock."""

    @abstractmethod
    def find_manifests(self, run: str) -> Repaired:
        """Have the dataset have a newest version, as far as its manifests are there; before opened().

        Args:
            run: what the repair is called.

        Raises:
            Locked: a run has made a version meanwhile.
        """

    @abstractmethod
    def repair(self, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
        """Mend what can be mended. The caller holds the lock.

        Args:
            manifests: of all versions, the newest first.
            run: what this is called.
            rebuild: makes the files of a version once more; None where the dumps are not given.

        Raises:
            Locked: in a store versions were made or removed meanwhile. All that was done is right all the same.
        """
