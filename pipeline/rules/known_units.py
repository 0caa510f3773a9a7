"""Units that were looked at before: most of a dump is copies, and where a copy ends can be known at its start.

A unit reaches from a line behind two empty ones to the next such line:

    Ferry returns to the old harbor      <- a unit
    _
    Updated 07 September 2023
    ..
    The last line of its body.
    _
    _
    Another headline                     <- the next

It is known if it begins with a plain header, an article started right below it and none between, and that article had a plain
header, too, or nothing in the body was worth a reading (see anchors.py). Where the same bytes come again above a plain header,
that depends on them, and on nothing else but some lines above them, and what is right below. So only these are looked at; above
anything else, the body, too.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from struct import Struct
from typing import NamedTuple

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dateline.pipeline.elements import HeaderParts
from dateline.pipeline.rules.known_windows import KnownWindows

REMEMBERED = 1 << 16
"""Units that are known at one time."""


digest_of: Callable[[bytes], bytes] = partial(AESGCM(os.urandom(16)).encrypt, bytes(12), b"")
"""What a block is recognised by in this process and those forked from it: 16 bytes. Nothing that is written depends on it.

It is a GMAC under a secret key, at half the cost of a SHA-256. Without the key nobody can write two blocks of one digest, but
by a chance of less than 1 in 2^100. XXH3 is faster, but not safe under a secret seed either: there are pages that differ in the
case of two letters, and have one digest under every 60th seed.
"""


class Unit(NamedTuple):
    """A unit with a plain header."""

    size: int
    """In bytes."""
    data: bytes
    """Its bytes without the white space at its end."""
    body: int
    """Where its header ends, from its start."""
    digest: bytes
    """Of its bytes without the white space at its end."""
    header: HeaderParts | None
    """None where the unit is a known one."""
    is_common: bool
    """Whether its text is known to be common."""
    facts: bytes | None
    """What is to be known of it, from pack_facts(). None where it is a known one, or its headline stands in its body: then
    what is below is looked at the longer."""


FACTS = np.dtype([(name, "<u4") for name in ("stamp", "headline", "body", "caption", "below_caption")])
"""What is known of a unit, relative to its start: its stamp line, the end of its headline, the end of its header, and
start and end of its caption, both 0 without one."""
_ROW = Struct("<5I")
pack_facts, each_of_facts = _ROW.pack, _ROW.iter_unpack
"""The facts of one unit as bytes, and those of each from the bytes of many."""


class KnownUnits:
    """The units that a worker knows, by their digests."""

    def __init__(self) -> None:
        self._units: OrderedDict[bytes, bytes] = OrderedDict()
        self.windows = KnownWindows()
        """Those of pages without a plain header."""

    def facts(self, digests: Iterable[bytes]) -> list[bytes | None]:
        """Of each unit its FACTS, or None where it is not known.

        Args:
            digests: of the units' bytes, without the white space at their ends.
        """
        return list(map(self._units.get, digests))

    def add(self, unit: Unit) -> None:
        """Remember a unit that was found to be an article, whole and with no other."""
        if unit.facts is None:
            return
        self._units[unit.digest] = unit.facts
        if len(self._units) > REMEMBERED:
            self._units.popitem(last=False)
