"""Captions, credits, galleries, labels, copies of the headline."""

import re
from collections.abc import Iterator

from tests.helpers.mutations.base import (
    at_top,
    bracketed,
    caption_line,
    certain,
    of_article,
    repeated,
)
from tests.helpers.sketch import BLANK, Line, Part

# Captions


@of_article
def caption_doubled(a: Part) -> Iterator[Part]:
    """The picture's alt text and its caption are one line, and stand one under the other."""
    if (at := caption_line(a)) is not None:
        yield a.with_lines(at, at, [a.lines[at]])


@of_article
def caption_above_the_headline(a: Part) -> Iterator[Part]:
    """Pages of 2025 and 2026: the alt text and the caption, one line twice, above the first headline and nowhere else."""
    at = caption_line(a)
    if at is not None and certain(a) and at_top(a):
        rest, top = a.without([at]), a.above[0]
        yield rest.with_lines(top, top, [a.lines[at], a.lines[at], BLANK])
        yield rest.with_lines(top, top, [a.lines[at], BLANK, a.lines[at], BLANK])


@of_article
def alt_text_above_the_headline(a: Part) -> Iterator[Part]:
    """The alt text above the first headline, the caption where it always is."""
    at = caption_line(a)
    if at is not None and certain(a) and at_top(a):
        yield a.with_lines(a.above[0], a.above[0], [a.lines[at], BLANK])
        yield a.with_lines(a.above[0], a.above[0], [a.lines[at]])


@of_article
def credit_missing_in_one_copy(a: Part) -> Iterator[Part]:
    """The alt text has no credit, or the caption has none."""
    if (at := bracketed(a)) is not None:
        for text in (a.want["caption"], a.want["caption"].rstrip(".")):
            yield a.with_lines(at, at, [text], "caption")
            yield a.with_lines(at + 1, at + 1, [text], "caption")


BARE = (
    "AFP", "AP", "Reuters", "SPA", "Shutterstock", "Shutterstock.", "Supplied", "Getty Images", "File/Getty Images", "File/AFP",
    "AFP/File", "AP Photo", "AN Photo", "AP Photo/Nadim Sorel", "AP Photo/Nadim Sorel/File", "Reuters/Nadim Sorel", "Instagram", "File",
)  # fmt: skip


@of_article
def credit_bare(a: Part) -> Iterator[Part]:
    """The credit without brackets, behind the caption's full stop."""
    at = bracketed(a)
    if at is not None and a.want["caption"].endswith("."):
        for credit in BARE:
            yield a.with_lines(
                at, at + 1, [f"{a.want['caption']} {credit}"], "caption", credit=credit.rstrip(".")
            )


@of_article
def bracket_never_closed(a: Part) -> Iterator[Part]:
    """The credit's bracket is open at the line's end, in one copy or in the only one."""
    if (at := bracketed(a)) is not None:
        unclosed = re.sub(r"\)\s*$", "", a.lines[at].text)
        yield a.with_lines(at + 1, at + 1, [unclosed], "caption")
        yield a.with_lines(at, at, [unclosed], "caption")
        yield a.with_lines(at, at + 1, [unclosed], "caption")


OTHER_CAPTIONS = (
    "The quay on the morning after the storm. (Reuters)",
    "A bench in the workshop, which nobody has moved in forty years, and the stove beside it. (AN photo)",
    "Boats wait for the tide, from left to right, under the wall. (Supplied)",
)


@of_article
def captions_two_to_four(a: Part) -> Iterator[Part]:
    """More pictures than one, each with its caption; the first is the article's."""
    if (at := bracketed(a)) is not None:
        for n in 1, 2, 3:
            yield a.with_lines(at + 1, at + 1, OTHER_CAPTIONS[:n])
        broken = [OTHER_CAPTIONS[0].rstrip(")"), OTHER_CAPTIONS[1]]
        yield a.with_lines(at + 1, at + 1, broken)


@of_article
def caption_below_the_headline(a: Part) -> Iterator[Part]:
    """The caption again below the headline that comes back, whole or without its credit and full stop."""
    at = caption_line(a)
    if at is not None and repeated(a):
        end = a.below[-1] + 1
        for text in (a.lines[at].text, a.want["caption"], a.want["caption"].rstrip(".")):
            yield a.with_lines(end, end, [text], "caption")


@of_article
def caption_only_below(a: Part) -> Iterator[Part]:
    """The caption stands below the headline that comes back, and not above it."""
    at = bracketed(a)
    if at is not None and repeated(a):
        end = a.below[-1] + 1
        yield a.with_lines(end, end, [a.lines[at]]).without([at])


@of_article
def credit_below_the_headline(a: Part) -> Iterator[Part]:
    """The credit again, alone, between the repeated headline and the bullets."""
    at = bracketed(a)
    if at is not None and repeated(a):
        end = a.below[-1] + 1
        yield a.with_lines(end, end, [f"({a.want['credit']})"], "caption")


@of_article
def caption_missing(a: Part) -> Iterator[Part]:
    """No picture, no caption."""
    at = caption_line(a)
    if at is not None and repeated(a):
        yield a.without([at], caption=None, credit=None)


@of_article
def caption_without_credit(a: Part) -> Iterator[Part]:
    """A caption that is a sentence and no more."""
    at = bracketed(a)
    if at is not None and repeated(a):
        yield a.with_lines(at, at + 1, [a.want["caption"]], "caption", credit=None)


@of_article
def gallery(a: Part) -> Iterator[Part]:
    """A gallery: each picture's place above its caption, or the first's alone."""
    at = caption_line(a)
    if at is not None and repeated(a):
        cap = a.lines[at]
        count = [Line("counter", f"{n} / 4") for n in range(1, 5)]
        yield a.with_lines(at, at + 1, [count[0], cap])
        yield a.with_lines(at, at + 1, [line for n in count for line in (n, cap)])
        yield a.with_lines(at, at + 1, [line for n in count for line in (n, BLANK, cap, BLANK)])
        yield a.with_lines(at, at + 1, [count[0], cap, *count[1:]])


@of_article
def video_player(a: Part) -> Iterator[Part]:
    """The texts of a video player stand where the caption would."""
    at = caption_line(a)
    if at is None or not repeated(a):
        return
    for text in (
        "0 seconds of 1 minute, 9 secondsVolume 90%|Press shift question mark to access a list of keyboard shortcuts|00:00|01:09|01:09|\u00a0",
        "0 seconds of 2 hours, 6 minutes, 12 seconds|Volume 0%|Press shift question mark to access a list of keyboard shortcuts",
        "00:00|02:45|02:45",
        "0 seconds of 45 seconds|Volume 90%|Keyboard Shortcuts|Play/Pause|SPACE|00:45",
    ):
        repairs = [*a.want["text_repairs"], *["no-break-space"] * ("\u00a0" in text)]
        yield a.with_lines(
            at, at + 1, text.split("|"), "video", caption=None, credit=None, text_repairs=sorted(set(repairs))
        )


@of_article
def embed(a: Part) -> Iterator[Part]:
    """A post of a social network, or a film, in the picture's place."""
    at = caption_line(a)
    if at is None or not repeated(a):
        return
    for text in (
        "View this post on Instagram|A post shared by Harbor Weavers (@harborweavers)",
        "pic.twitter.com/aB3dE5fG7h",
        "https://t.co/aB3dE5fG7h",
        "https://www.youtube.com/watch?v=aB3dE5fG7h1",
    ):
        yield a.with_lines(at, at + 1, text.split("|"), "video", caption=None, credit=None)


# Headlines and labels

LABELS = (
    "Analysis",
    "Exclusive",
    "Review",
    "Special",
    "quotes",
    "Interview",
    "Film Review",
    "In Focus",
    "Photo of day",
)


@of_article
def label_before_one_copy(a: Part) -> Iterator[Part]:
    """An icon or a label of one to three words before one copy of the headline."""
    copies = [i for i in a.at("headline") if i in a.head]
    plain = [i for i in copies if a.lines[i].text.strip() == a.want["headline"]]
    for n, at in enumerate(plain):
        if len(plain) > 1:
            for label in LABELS if n < 2 else LABELS[:3]:
                yield a.with_lines(at, at + 1, [f"{label} {a.lines[at].text.strip()}"], "headline")


@of_article
def label_on_its_own_line(a: Part) -> Iterator[Part]:
    """The label on a line of its own, between headline and caption."""
    at = bracketed(a)
    if at is not None and repeated(a):
        for label in "Update", "Special", "Exclusive", "Analysis":
            yield a.with_lines(at, at, [label])


@of_article
def headline_again(a: Part) -> Iterator[Part]:
    """The picture's alt text is the headline, above or below or both."""
    if not repeated(a):
        return
    first, last = a.above[0], a.below[-1]
    copy = Line("headline", a.want["headline"])
    above = a.with_lines(first + 1, first + 1, [BLANK, copy])
    yield a.with_lines(last + 1, last + 1, [BLANK, copy])
    yield above
    yield above.with_lines(last + 3, last + 3, [BLANK, copy])


@of_article
def headline_with_its_path(a: Part) -> Iterator[Part]:
    """The headline again, glued to its path."""
    if len(a.above) > 1 and repeated(a):
        at = a.above[0] + 1
        yield a.with_lines(at, at, [f"{a.want['headline']}/node/2581508/business-economy"])
