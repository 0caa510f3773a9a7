"""Plain bodies: those whose lines are sentences and nothing else, told by one regular expression.

    KYIV: Traffic crossed it on Monday.               begins with a capital, a digit or a quote
    “It took two years,” said the mayor.              ends a sentence, perhaps with a quote behind it
    A ferry goes on.

No line of these is a subheading, a caption, a box or a template, and no sentence goes on in the next line: so each is a
paragraph, and body.py, which looks at line after line, is spared. It stays the measure: where this module finds a body,
body.py finds the very same. A test holds the two against each other.
"""

import re

_PLAIN = re.compile(
    rb"(?:(?!Topics: |A post shared by |MORE FROM )"  # tags, what is left of a post, a box
    rb"(?:[^a-z \n{\x80-\xff-]|\xe2\x80)[^\n]*+"
    rb"(?:(?<=[.,:;!])|(?<=[.,:;!][\"'])|(?<=[.,:;!]\xe2\x80[\x99\x9d]))"
    rb"(?:\n(?!\Z)|\Z))++\Z"
)
"""Of the first characters that are not ASCII it has the quotes and dashes only: among others are small letters."""


def plain_body(data: bytes) -> str | None:
    """The body as its row has it, an empty line between two paragraphs; None where its lines need a closer look.

    Args:
        data: what stands below a header, in UTF-8; of controls and white space it has space and newline only.

    >>> plain_body("KYIV: Cars crossed it.\\n“At last.”".encode())
    'KYIV: Cars crossed it.\\n\\n“At last.”'
    >>> plain_body(b"Cars crossed it.\\nThe ferry\\nIt goes on.") is None
    True
    """
    if not _PLAIN.match(data) or (b"/" in data and b"pic.twitter.com/" in data):  # most have no slash
        return None
    return data.replace(b"\n", b"\n\n").decode()
