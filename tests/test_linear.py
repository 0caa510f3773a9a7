"""No input, however made, costs more than its size: what once did stands here."""

import pytest

from tests.fuzz.target import drive

HEADLINE = "Ferry returns to the old harbor after years\n"
ONCE_WITHOUT_END = {
    "a gallery, a bullet under it": "\n\n"
    + HEADLINE
    + "\n"
    + "".join(f"{number} / 24\nA caption of picture {number}.\n" for number in range(1, 25))
    + "• A bullet\nUpdated 07 September 2023\nFollow\n\n"
    + HEADLINE
    + "\nKYIV: Traffic crossed it on Monday, and then it went on for a while.\n",
    "many slots": HEADLINE + "\n" + HEADLINE + "Short Url\nhttps://arab.news/ab2cd\n" * 24 + "Follow\n",
    "a number, spaces": "\n\n" + HEADLINE + "\n1" + " " * 100_000 + "x\nUpdated 07 September 2023\nFollow\n",
}


@pytest.mark.parametrize("text", ONCE_WITHOUT_END.values(), ids=ONCE_WITHOUT_END)
def test_what_once_took_for_ever(text):
    drive(text.encode())
