"""The fuzzer of containers: mutates files of each format, and stops at the first that breaks a rule, or the process.

    pip install atheris && python -m tests.fuzz.atheris_containers -max_total_time=600 FOLDER tests/fuzz/containers

What it finds is put into FOLDER. tests/fuzz/containers, which the test suite runs, is an even sample of that. Without
atheris, `python -m tests.fuzz.atheris_containers --mutations 100000` draws mutations by itself, without looking at what
code they reach, and tells how many it tried.
"""

import random
import sys

if __name__ == "__main__" and sys.argv[1:2] != ["--mutations"]:
    import atheris

    with atheris.instrument_imports(include=["dateline.pipeline.rules", "dateline.pipeline.stages"]):
        from tests.fuzz.containers import drive, seeds
else:
    from tests.fuzz.containers import drive, seeds


def mutated(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """A file with some bytes changed, cut out, doubled, or taken from another."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randint(0, len(data))
        size = draw.choice((1, 1, 2, 4, 8, 40))
        piece = draw.choice(
            (
                b"", draw.randbytes(size), data[at : at + size] * 2, b"\0" * size, b"\xff" * size, b"\n",
                other[at : at + 4 * size], draw.choice((b"WARC/1.0\r\n", b"\r\n\r\n", b"{}", b"9" * size, b"\x1f\x8b\x08\0")),
            )
        )  # fmt: skip
        data = data[:at] + piece + data[at + draw.choice((0, size, len(piece))) :]
    return data[: draw.randint(0, len(data))] if draw.random() < 0.1 else data


def draw_all(count: int, seed: int = 1) -> dict[str, int]:
    """Drive so many mutations; how many of them were read, and how many were told to be damaged."""
    draw, kinds = random.Random(seed), list(seeds().values())
    ends = {"read": 0, "damaged": 0}
    for number in range(count):
        data = mutated(kinds[number % len(kinds)], draw.choice(kinds), draw)
        try:
            problems = drive(data)
        except BaseException:
            print(f"input {number} of seed {seed}: {data!r}", file=sys.stderr)
            raise
        ends["damaged" if any(problems) else "read"] += 1
    return ends


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mutations"]:
        print(draw_all(int(sys.argv[2]), *map(int, sys.argv[3:4])))
    else:
        atheris.Setup(sys.argv, drive)
        atheris.Fuzz()
