"""What files that are made to do harm take: the peak memory of the whole process tree, with two workers, a run for each kind.

    python -m benchmarks.hostile [--work FOLDER] [--mb 500] [KIND ...]

Each lies beside a dump that is good, and has to leave it in the dataset. MOST_MB is what a run may take; over it, or with
another exit status than the kind's, the command ends with 1.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from benchmarks.processes import dateline, measure_any
from dateline.pipeline.dataset.version import latest_manifest

MOST_MB = 600
GOOD = Path(__file__).parent.parent / "examples" / "monday.txt"
MB = 1_000_000


def _zstd(pieces: Iterator[bytes], path: Path) -> None:
    with open(path, "wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as out:
        for piece in pieces:
            out.write(piece)


def _gzip_copies(path: Path, mb: int) -> None:
    with gzip.open(path, "wb", 6) as file:
        for number in range(10 * mb):
            file.write(b"%d\n" % number + b"word " * 20_000)


def _json_line(path: Path, mb: int) -> None:
    with open(path, "wb") as file:
        file.write(b'{"text": "')
        for _ in range(mb):
            file.write(b"word " * (MB // 5))
        file.write(b'"}\n')


def _json_values(path: Path, mb: int) -> None:
    """Lines just below the limit, of as many values as three bytes each make."""
    with open(path, "wb") as file:
        for _ in range(mb // 8):
            file.write(b'{"x": [' + b"{}," * 300_000 + b"0]}\n")


def _json_wide(path: Path, mb: int) -> None:
    """Lines just below the limit, whose text takes four bytes a character."""
    with open(path, "wb") as file:
        for _ in range(mb // 8):
            file.write(b'{"text": "' + b"word " * 1_600_000 + "\U0001f6a2".encode() + b'"}\n')


def _warc(path: Path, mb: int, kind: str = "conversion") -> None:
    with open(path, "wb") as file:
        file.write(f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Length: {mb * MB}\r\n\r\n".encode())
        for _ in range(mb):
            file.write(b"word " * (MB // 5))
        file.write(b"\r\n\r\n")


def _warc_gz(path: Path, mb: int) -> None:
    plain = path.with_suffix(".plain")
    _warc(plain, mb)
    with open(plain, "rb") as file, gzip.open(path, "wb", 1) as out:
        while piece := file.read(MB):
            out.write(piece)
    plain.unlink()


def _parquet(path: Path, texts: list[str], **options: object) -> None:
    pq.write_table(pa.table({"text": pa.array(texts, pa.large_string())}), path, **options)


def _text(path: Path, mb: int, line: Callable[[int], bytes]) -> None:
    with open(path, "wb") as file:
        written = number = 0
        while written < mb * MB:
            written += file.write(line(number))
            number += 1


KINDS: dict[str, tuple[str, int, Callable[[Path, int], None]]] = {
    "a zstd frame of 30 KB, 1 GB unpacked": ("a.txt.zst", 3, lambda path, mb: _zstd((b"\0" * MB for _ in range(1000)), path)),
    "the same with a name of JSON Lines": ("a.jsonl.zst", 3, lambda path, mb: _zstd((b"\0" * MB for _ in range(1000)), path)),
    "gzip, text of copies": ("a.txt.gz", 0, _gzip_copies),
    "a line of JSON": ("a.jsonl", 0, _json_line),
    "lines of JSON of many values": ("a.jsonl", 0, _json_values),
    "lines of JSON of wide characters": ("a.jsonl", 0, _json_wide),
    "a record of a WARC": ("a.warc", 0, _warc),
    "a response of a WARC": ("a.warc", 3, lambda path, mb: _warc(path, mb, "response")),
    "a record of a WARC in gzip": ("a.warc.gz", 0, _warc_gz),
    "a row of Parquet": ("a.parquet", 3, lambda path, mb: _parquet(path, ["word " * (mb * MB // 5)])),
    "rows of Parquet of 100 MB": ("a.parquet", 0, lambda path, mb: _parquet(path, ["word " * (20 * MB)] * (mb // 100), row_group_size=1)),
    "rows of Parquet that name one text": ("a.parquet", 0, lambda path, mb: _parquet(path, ["word " * (MB // 5)] * mb, compression="zstd")),
    "a line of text": ("a.txt", 0, lambda path, mb: _text(path, mb, lambda n: b"word " * (MB // 5))),
    "lines of 60 KB": ("a.txt", 0, lambda path, mb: _text(path, mb, lambda n: b"%d " % n + b"word " * 12_000 + b"\n")),
    "lines of 60 KB under stamps": ("a.txt", 0, lambda path, mb: _text(path, mb, lambda n: b"\n\nA headline of it %d\n\nUpdated 07 September 2023\nFollow\n\nA headline of it %d\n\n" % (n, n) + b"word %d " % n * 6_000 + b".\n")),
    "empty lines": ("a.txt", 0, lambda path, mb: _text(path, mb, lambda n: b"\n" * MB)),
}  # fmt: skip
"""Of each: the file's name, the exit status, and what makes it of so many MB."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="words that are in its name (default: all)")
    parser.add_argument(
        "--mb", type=int, default=500, help="of a file, or of what it unpacks to (default: %(default)s)"
    )
    parser.add_argument("--work", help="where files and datasets lie meanwhile")
    args = parser.parse_args()
    failed = False
    print("| kind | status | wall | peak memory |\n| --- | --- | --- | --- |", flush=True)
    for kind, (name, status, make) in KINDS.items():
        if args.kinds and not any(word in kind for word in args.kinds):
            continue
        with tempfile.TemporaryDirectory(dir=args.work) as work:
            dumps, output = Path(work, "dumps"), Path(work, "news")
            dumps.mkdir()
            (dumps / "good.txt").write_bytes(GOOD.read_bytes())
            make(dumps / name, args.mb)
            command = [*dateline(dumps, output, 2)[:-1], f"{dumps}/*"]
            usage, found = measure_any(command)
            manifest = latest_manifest(str(output))
            good = manifest is not None and "good.txt" in json.dumps(manifest["dumps"])
        failed |= usage.peak_mb > MOST_MB or found != status or not good
        print(f"| {kind} | {found} | {usage.wall:.1f} s | {usage.peak_mb:,.0f} MB |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
