"""What is known to be read wrong today: tests/today_wrong.json. A test fails where the list and the truth differ.

Each test of reading compares what it finds wrong with its list, both ways: what is newly wrong is a fault, and what is
right by now has to go from the list. `python -m tests.helpers.today` writes all lists anew; read the diff.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

LISTS = Path(__file__).parents[1] / "today_wrong.json"


def listed(name: str) -> list[str]:
    """The list of that name."""
    return json.loads(LISTS.read_text("utf-8")).get(name, []) if LISTS.exists() else []


def check(
    name: str, wrong: Iterable[str], explain: Callable[[str], str] = str, of: str | None = None
) -> None:
    """Fail where what is wrong is not what the list of that name says.

    Args:
        wrong: all that was found wrong.
        explain: tells of one of them what is wrong with it.
        of: the first word of those that were looked at, if not all were.
    """
    found = set(wrong)
    known = {entry for entry in listed(name) if of is None or entry.split()[0] == of}
    new, right = sorted(found - known), sorted(known - found)
    told = [f"{len(new)} wrong that were right:", *map(explain, new[:5])] if new else []
    told += (
        [f"{len(right)} right that are listed as wrong, take them off {LISTS.name}: {right[:20]}"]
        if right
        else []
    )
    assert not told, "\n\n".join(told)


def main() -> None:
    from tests.rules import test_cases, test_invented, test_joined, test_mutations

    lists = {
        name: sorted(found)
        for module in (test_cases, test_invented, test_joined, test_mutations)
        for name, found in module.all_wrong()
    }
    LISTS.write_text(json.dumps(lists, indent=0, ensure_ascii=False) + "\n", "utf-8")
    for name, found in lists.items():
        print(len(found), name)


if __name__ == "__main__":
    main()
