"""A backtracking matcher of regular expressions that counts its steps; otherwise it matches as Python's does.

It goes the ways that Python's engine goes, without the shortcuts: what makes it work without bound makes that, too.
"""

import re
from collections.abc import Sequence
from re import _constants as code
from re import _parser as parser
from typing import NamedTuple


class Charset(NamedTuple):
    """What one item of an expression matches."""

    items: tuple
    flags: int
    is_bytes: bool

    def __contains__(self, char: int) -> bool:
        return self._has(char) or bool(self.flags & re.I and any(map(self._has, _other_case(char))))

    def _has(self, char: int) -> bool:
        items, found = self.items, True
        if items and items[0][0] is code.NEGATE:
            items, found = items[1:], False
        return found if any(self._one(op, value, char) for op, value in items) else not found

    def _one(self, op: object, value: object, char: int) -> bool:
        if op is code.LITERAL:
            return char == value
        if op is code.NOT_LITERAL:
            return char != value
        if op is code.ANY:
            return char != 10 or bool(self.flags & re.S)
        if op is code.RANGE:
            return value[0] <= char <= value[1]
        assert op is code.CATEGORY, op
        is_ascii = self.is_bytes or bool(self.flags & re.A)
        return _category(value, chr(char), is_ascii)


def _other_case(char: int) -> list[int]:
    return [ord(other) for other in {chr(char).lower(), chr(char).upper()} if len(other) == 1]


def _category(category: object, char: str, is_ascii: bool) -> bool:
    name = str(category)
    if is_ascii and not char.isascii():
        found = False
    elif name.endswith("DIGIT"):
        found = char.isdecimal()
    elif name.endswith("SPACE"):
        found = char.isspace()
    else:
        found = char.isalnum() or char == "_"
    return found != ("NOT" in name)


class Endless(Exception):
    """More steps than allowed."""


class Matcher:
    """Matches one expression as Python's engine does, by trying and going back, and counts the steps.

    >>> Matcher(re.compile("(?:a|a)*b")).steps("a" * 10) > 1000
    True
    """

    def __init__(self, pattern: re.Pattern) -> None:
        self._is_bytes = isinstance(pattern.pattern, bytes)
        tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self._flags = pattern.flags
        self._slots = 2 * pattern.groups + 2
        self._program = self._compiled(tree, pattern.flags)
        self._left = 0

    def steps(self, text: str | bytes, is_search: bool = False, limit: int = 10**9) -> int:
        """Steps of a match at the start, or of a search.

        Raises:
            Endless: there are more than `limit`.
        """
        return limit - self._run_all(text, is_search, limit)[0]

    def end(self, text: str | bytes, is_search: bool = False) -> int | None:
        """Where the match ends; None if there is none. To hold the matcher against Python's."""
        return self._run_all(text, is_search, 10**9)[1]

    def _run_all(self, text: str | bytes, is_search: bool, limit: int) -> tuple[int, int | None]:
        chars = list(map(ord, text)) if isinstance(text, str) else list(text)
        self._left = limit
        for start in range(len(chars) + 1 if is_search else 1):
            found = self._run(self._program, chars, start, (-1,) * self._slots)
            if found:
                return self._left, found[0]
        return self._left, None

    def _run(self, program: list, chars: Sequence[int], at: int, slots: tuple) -> tuple[int, tuple] | None:
        stack: list = []
        place = 0
        size = len(chars)
        left = self._left
        while True:
            left -= 1
            if left < 0:
                raise Endless
            op, value, other = program[place]
            place += 1
            good = True
            if op == "char":
                good = at < size and value(chars[at])
                at += 1
            elif op == "split":
                stack.append((other, at, slots))
                place = value
            elif op == "jump":
                place = value
            elif op == "slot":
                slots = (*slots[:value], at, *slots[value + 1 :])
            elif op == "moved":
                good = slots[value] != at
            elif op == "again":
                begin, end = slots[value : value + 2]
                good = begin >= 0 and chars[begin:end] == chars[at : at + end - begin]
                at += end - begin
                left -= max(0, end - begin)
            elif op == "at":
                good = self._is_at(value, chars, at)
            elif op in ("look", "atomic"):
                self._left = left
                found = self._run(value, chars, at - other[0], slots) if at >= other[0] else None
                left = self._left
                if op == "atomic":
                    good = found is not None
                    at, slots = found or (at, slots)
                else:
                    good = (found is not None) == other[1]
                    slots = found[1] if found and good else slots
            else:
                self._left = left
                return at, slots
            if not good:
                if not stack:
                    self._left = left
                    return None
                place, at, slots = stack.pop()

    def _is_at(self, kind: object, chars: Sequence[int], at: int) -> bool:
        size = len(chars)
        if kind is code.AT_BEGINNING or kind is code.AT_BEGINNING_STRING:
            return at == 0 or bool(kind is code.AT_BEGINNING and self._flags & re.M and chars[at - 1] == 10)
        if kind is code.AT_END_STRING:
            return at == size
        if kind is code.AT_END:
            last = at == size or (at == size - 1 and chars[at] == 10)
            return last or bool(self._flags & re.M and chars[at] == 10)
        word = [0 <= i < size and _category("WORD", chr(chars[i]), self._is_bytes) for i in (at - 1, at)]
        return (word[0] != word[1]) == (kind is code.AT_BOUNDARY)

    def _compiled(self, tree: object, flags: int) -> list:
        program: list = []
        self._add(program, tree, flags)
        program.append(("match", None, None))
        return program

    def _add(self, program: list, tree: object, flags: int) -> None:
        for op, value in tree:
            if op in (code.LITERAL, code.NOT_LITERAL, code.ANY):
                self._char(program, ((op, value),), flags)
            elif op is code.IN:
                self._char(program, tuple(value), flags)
            elif op is code.BRANCH:
                self._branch(program, value[1], flags)
            elif op is code.SUBPATTERN:
                group, more, less, body = value
                inner = (flags | more) & ~less
                if group is not None:
                    program.append(("slot", 2 * group, None))
                self._add(program, body, inner)
                if group is not None:
                    program.append(("slot", 2 * group + 1, None))
            elif op in (code.MAX_REPEAT, code.MIN_REPEAT):
                self._repeat(program, value, flags, op is code.MAX_REPEAT)
            elif op is code.POSSESSIVE_REPEAT:
                inside: list = []
                self._repeat(inside, value, flags, True)
                program.append(("atomic", [*inside, ("match", None, None)], (0, True)))
            elif op is code.ATOMIC_GROUP:
                program.append(("atomic", self._compiled(value, flags), (0, True)))
            elif op in (code.ASSERT, code.ASSERT_NOT):
                direction, body = value
                width = body.getwidth()[0] if direction < 0 else 0
                program.append(("look", self._compiled(body, flags), (width, op is code.ASSERT)))
            elif op is code.AT:
                program.append(("at", value, None))
            elif op is code.GROUPREF:
                program.append(("again", 2 * value, None))
            else:
                raise NotImplementedError(f"{op}: teach the matcher what it does")

    def _char(self, program: list, items: tuple, flags: int) -> None:
        charset, known = Charset(items, flags, self._is_bytes), {}

        def has(char: int) -> bool:
            if char not in known:
                known[char] = char in charset
            return known[char]

        program.append(("char", has, None))

    def _branch(self, program: list, branches: Sequence, flags: int) -> None:
        ends = []
        for number, branch in enumerate(branches):
            split = len(program)
            if number < len(branches) - 1:
                program.append(None)
            self._add(program, branch, flags)
            if number < len(branches) - 1:
                ends.append(len(program))
                program.append(None)
                program[split] = ("split", split + 1, len(program))
        for end in ends:
            program[end] = ("jump", len(program), None)

    def _repeat(self, program: list, value: tuple, flags: int, greedy: bool) -> None:
        least, most, body = value
        for _ in range(least):
            self._add(program, body, flags)
        if most is code.MAXREPEAT:
            slot = self._slots
            self._slots += 1
            split = len(program)
            program += [None, ("slot", slot, None)]
            self._add(program, body, flags)
            if not body.getwidth()[0]:
                program.append(("moved", slot, None))
            program.append(("jump", split, None))
            program[split] = self._split(split + 1, len(program), greedy)
            return
        splits = []
        for _ in range(most - least):
            splits.append(len(program))
            program.append(None)
            self._add(program, body, flags)
        for split in splits:
            program[split] = self._split(split + 1, len(program), greedy)

    @staticmethod
    def _split(inside: int, behind: int, greedy: bool) -> tuple:
        return ("split", inside, behind) if greedy else ("split", behind, inside)
