"""A regular expression as an automaton, in which loops are found that can be gone round in two ways.

expression  (?:a_?|_a)*b     suspect  prefix "", pump "a_a", behind the loop "b"
"""

import random
import re
from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from re import _constants as code
from re import _parser as parser
from typing import NamedTuple

from tests.helpers.matcher import Charset

MOST_COPIES = 64
"""Of what is repeated so many times at least."""


def _plainest(char: int) -> tuple:
    text = chr(char)
    return (not ("a" <= text <= "z"), not text.isalnum(), not text.isprintable(), text.isspace(), char)


class Suspect(NamedTuple):
    prefix: str
    pump: str
    exits: str
    """What can be read behind the loop."""


class Automaton:
    """An expression as states that read a character, without what it looks at, holds on to or remembers: so it knows
    more ways to backtrack than there are, and none fewer."""

    def __init__(self, pattern: re.Pattern, is_search: bool) -> None:
        self._is_bytes = isinstance(pattern.pattern, bytes)
        self._edges: list[list[int]] = []  # without reading a character
        self._reads: dict[int, Charset | None] = {}
        tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        start = self._node()
        end = self._add(tree, start, pattern.flags)
        assert end >= 0
        self.alphabet = sorted(self._representatives())
        self._letters = {
            node: frozenset(c for c in self.alphabet if charset is None or c in charset)
            for node, charset in self._reads.items()
        }
        self.first = self._reach(start)
        self.next = {node: self._reach(node + 1) for node in self._reads}
        if is_search:  # the start is tried anew behind each character
            everything = -1
            self._letters[everything] = frozenset(self.alphabet)
            self.next[everything] = {**self.first, everything: 1}
            self.first = {**self.first, everything: 1}

    def _node(self) -> int:
        self._edges.append([])
        return len(self._edges) - 1

    def _read(self, at: int, charset: Charset | None) -> int:
        reads, behind = self._node(), self._node()
        self._edges[at].append(reads)
        self._reads[reads] = charset
        return behind

    def _add(self, tree: object, at: int, flags: int) -> int:
        """Add what a part of the expression reads, from a node on; the node behind it."""
        for op, value in tree:
            if op in (code.LITERAL, code.NOT_LITERAL, code.ANY, code.IN):
                items = tuple(value) if op is code.IN else ((op, value),)
                at = self._read(at, Charset(items, flags, self._is_bytes))
            elif op is code.BRANCH:
                ends = [self._add(branch, at, flags) for branch in value[1]]
                at = self._node()
                for end in ends:
                    self._edges[end].append(at)
            elif op is code.SUBPATTERN:
                at = self._add(value[3], at, (flags | value[1]) & ~value[2])
            elif op in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
                at = self._repeat(value, at, flags)
            elif op is code.ATOMIC_GROUP:
                at = self._add(value, at, flags)
            elif op in (code.ASSERT, code.ASSERT_NOT):
                if value[0] > 0:
                    self._add(value[1], at, flags)  # it may be looked at, and then nothing follows
            elif op is code.GROUPREF:
                behind = self._read(at, None)
                self._edges[behind].append(at)
        return at

    def _repeat(self, value: tuple, at: int, flags: int) -> int:
        least, most, body = value
        for _ in range(min(least, MOST_COPIES)):
            at = self._add(body, at, flags)
        if most is code.MAXREPEAT:
            loop, behind = self._node(), self._node()
            self._edges[at].append(loop)
            end = self._add(body, loop, flags)
            self._edges[end].append(loop)
            self._edges[loop].append(behind)
            return behind
        behind = self._node()
        self._edges[at].append(behind)
        for _ in range(min(most - least, 2)):  # what ends after so many times is no loop
            at = self._add(body, at, flags)
            self._edges[at].append(behind)
        return behind

    def _reach(self, node: int) -> dict[int, int]:
        """The states that can read next, and whether there is one way there (1) or more (2)."""
        found: dict[int, int] = {}
        left = 20_000

        def walk(node: int, path: tuple[int, ...]) -> None:
            nonlocal left
            left -= 1
            if left < 0 or path.count(node) > 1:  # once round a loop that reads nothing is a second way
                return
            if node in self._reads:
                found[node] = min(2, found.get(node, 0) + 1)
            for other in self._edges[node]:
                walk(other, (*path, node))

        walk(node, ())
        return found

    def _representatives(self) -> set[int]:
        """One character of each kind that the expression tells apart."""
        chars = {1, 10, 32, *map(ord, "aZ0_.")} | ({0xE9} if self._is_bytes else {0xE9, 0x2019})
        for charset in self._reads.values():
            for op, value in charset.items if charset else ():
                if op in (code.LITERAL, code.NOT_LITERAL):
                    chars.add(value)
                elif op is code.RANGE:
                    chars |= {value[0], value[1]}
        kinds: dict[tuple, int] = {}
        charsets = {charset for charset in self._reads.values() if charset}
        for char in sorted(chars, key=lambda char: (not chr(char).isprintable(), char)):
            kinds.setdefault(tuple(char in charset for charset in charsets), char)
        return set(kinds.values())

    @cached_property
    def _loops(self) -> dict[int, int]:
        """The states that can come back to themselves -> the number of the loop that they are in."""
        reach = {state: self._all_behind(state) for state in self.next}
        found: dict[int, int] = {}
        for state in self.next:
            if state in reach[state] and state not in found:
                for other in reach[state]:
                    if state in reach[other]:
                        found[other] = state
        return found

    def _all_behind(self, state: int) -> set[int]:
        behind: set[int] = set()
        waiting = [state]
        while waiting:
            for other in self.next[waiting.pop()]:
                if other not in behind:
                    behind.add(other)
                    waiting.append(other)
        return behind

    def suspects(self) -> Iterator[Suspect]:
        """Pumps that go from a state back to it in two ways; and those that go from one to itself, to another, and
        there from that to itself."""
        loops = self._loops
        pairs: dict[tuple[int, int], int] = {}
        for p in loops:
            if (word := self._round_twice(p)) and pairs.setdefault((loops[p], loops[p]), 0) < 3:
                pairs[loops[p], loops[p]] += 1
                yield Suspect(self._ways.get(p, ""), word, self._exits(p))
        for p in loops:
            behind = self._all_behind(p)
            for q in loops:
                key = loops[p], loops[q]
                if q == p or q not in behind or pairs.get(key, 0) >= 3:
                    continue
                if word := self._from_one_to_another(p, q):
                    pairs[key] = pairs.get(key, 0) + 1
                    yield Suspect(self._ways.get(p, ""), word, self._exits(q))

    def walk(self, pick: random.Random, most: int = 40) -> str:
        """What the expression might read: some way through its states, now and then with another letter."""
        letters, states = "", self.first
        while states and len(letters) < most:
            state = pick.choice([*states])
            common = sorted(self._letters[state])
            if not common:
                break
            letters += chr(pick.choice(common if pick.random() < 0.97 else self.alphabet))
            states = self.next[state]
        return letters

    def _exits(self, state: int) -> str:
        """A letter for each state that follows a loop."""
        loop = self._loops[state]
        members = [other for other in self._loops if self._loops[other] == loop]
        behind = {other for member in members for other in self.next[member]} - {*members}
        letters = {chr(min(self._letters[other], key=_plainest)) for other in behind if self._letters[other]}
        return "".join(sorted(letters))

    def _product(
        self, states: tuple[int, ...], among: frozenset[int] | None = None
    ) -> Iterator[tuple[int, ...]]:
        """Where some states come, if from there they can read one letter together."""
        if not states:
            yield ()
            return
        for first in self.next[states[0]]:
            common = self._letters[first] if among is None else among & self._letters[first]
            if common:
                for rest in self._product(states[1:], common):
                    yield (first, *rest)

    def _word(self, start: tuple, is_goal: Callable, limit: int = 1000) -> str:
        """The letters of the shortest way from some states to others; "" if there is none.

        A state stands for being about to read its letter.
        """
        seen = {start}
        waiting: deque[tuple[tuple, str]] = deque([(start, "")])
        while waiting and len(seen) < limit:
            (states, flag), word = waiting.popleft()
            common = frozenset.intersection(*(self._letters[state] for state in states))
            if not common:
                continue
            letter = chr(min(common, key=_plainest))
            for combined in self._product(states):
                twice = any(self.next[a][b] > 1 for a, b in zip(states, combined, strict=True))
                found = combined, flag or twice or (flag is not None and len(set(combined)) > 1)
                if is_goal(*found):
                    return word + letter
                if found not in seen:
                    seen.add(found)
                    waiting.append((found, word + letter))
        return ""

    def _round_twice(self, p: int) -> str:
        return self._word(((p, p), False), lambda states, flag: states == (p, p) and flag)

    def _from_one_to_another(self, p: int, q: int) -> str:
        return self._word(((p, p, q), None), lambda states, _: states == (p, q, q))

    @cached_property
    def _ways(self) -> dict[int, str]:
        """The letters of the shortest way to each state."""
        ways = dict.fromkeys(self.first, "")
        waiting = deque(ways)
        while waiting:
            state = waiting.popleft()
            if self._letters[state]:
                letter = chr(min(self._letters[state], key=_plainest))
                for other in self.next[state]:
                    if other not in ways:
                        ways[other] = ways[state] + letter
                        waiting.append(other)
        return ways
