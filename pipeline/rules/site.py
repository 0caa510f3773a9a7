"""The words of the site, and nothing else: what its pages print around an article.

Whoever reads another site, or finds a new line on this one, changes this module; the engine that reads headers
(roles.py, reading.py) names no site. Each kind of line has a code of one letter, by which the grammar names it.
"""

import re
from typing import NamedTuple

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier", "february feb février", "march mar mars", "april apr avril", "may mai",
            "june jun juin", "july jul juillet", "august aug août", "september sept sep septembre",
            "october oct octobre", "november nov novembre", "december dec décembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""Month names in lower case: English and its short forms, and French, for the French edition."""

# Drupal writes an interval in at most two units, largest first. A month and a year count as its
# formatter counts them: 30 and 365 days.
DAYS_PER_UNIT = {"sec": 0, "min": 0, "hour": 0, "day": 1, "week": 7, "month": 30, "year": 365}

FULL_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""The months as the site writes them."""
FULL_MONTH = f"(?:{'|'.join(FULL_MONTHS)})"
USUAL_STAMP = rf"Updated [0-9]{{1,2}} {FULL_MONTH} [0-9]{{4}}"
"""Most stamps, and no more of their line."""
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
MONTH = f"(?i:{MONTH})"
_UNIT = "|".join(DAYS_PER_UNIT)
_CLOCK = r"(?: \d{1,2}:\d\d)?"
ABSOLUTE = (
    rf"(?:\d{{1,2}} {MONTH}\.? \d{{4}}"                # 07 September 2023: the site, since 2014
    rf"|{MONTH}\.? \d{{1,2}}, \d{{4}}"                 # Apr 29, 2012; June 25, 2018: copies of 2012, author pages
    rf"|(?:[A-Z][a-z]{{2}}, )?\d{{4}}-\d\d-\d\d){_CLOCK}"   # Tue, 2025-07-29 21:31: feeds
)  # fmt: skip
RELATIVE = rf"\d{{1,3}} (?:{_UNIT})s?(?: \d{{1,3}} (?:{_UNIT})s?)? ago"
DAY_LINE = rf"\d{{1,2}} {MONTH} \d{{4}}"
"""A line that is a day and nothing else, as a regular expression."""
STAMP = rf"(?:{ABSOLUTE}|{RELATIVE})"
"""What may follow "Updated" on a stamp line, as a regular expression."""
STAMP_LINE = (
    rf"(?:(?:Published: {ABSOLUTE} )?Updated:? +{STAMP}"
    rf"|Publié le (?:[A-Za-z]+ )?{ABSOLUTE})"           # the French edition
)  # fmt: skip
"""A whole stamp line, as a regular expression."""

FIRST_YEAR = 1975
"""Arab News first appeared in 1975; a stamp before that is a mistake."""


ANY: tuple[str, ...] = ()
"""What a kind begins with that may begin with anything: its end, or what it holds, tells it (see line_kinds.kind_of)."""
DIGITS = tuple("0123456789")


class LineKind(NamedTuple):
    code: str
    name: str
    begins: tuple[str, ...]
    """What a line of the kind begins with: one of these. The fast paths look no further at other lines; see ANY."""
    pattern: str
    """Of a stripped line, from its beginning."""
    since: str
    why: str


SHORT_URL_PREFIX = "https://arab.news/"
"""What every short URL begins with, once it is normalised."""
SHORT_URL_HOST = rf"https?://(?:www\.)?{re.escape(SHORT_URL_PREFIX.removeprefix('https://'))}"
"""What it begins with on pages, as a regular expression."""
MAX_SLUG = 12
"""Characters that follow, at most."""
SHORT_URL = rf"{SHORT_URL_HOST}[0-9A-Za-z_]{{1,{MAX_SLUG}}}/?"
"""What is meant for a short URL on a page, as a regular expression. One with a low line is none, and a slot that has it is
rejected: see short_urls.py."""

LINE_KINDS = (
    LineKind("S", "stamp", ("Updated", "Published: ", "Publié "), rf"{STAMP_LINE}$", "2012", "the one line that every full header has"),
    LineKind("s", "slot", ("Short Url",), r"Short Url$", "2019-12", "the label stands even where no URL follows"),
    LineKind("U", "short", ("http",), rf"{SHORT_URL}$", "2022", "the slot's URL, an empty line below its label, or without one"),
    LineKind("u", "url", ("http",), r"https?://\S+$", "2022", "another URL, which is the slot's only below its label"),
    LineKind("f", "follow", ("Follow", "0"), r"Follow$|0$", "2017", "the button under the stamp; in 2017 its count, 0"),
    LineKind("c", "counter", DIGITS, r"\d{1,3} ?/ ?\d{1,3}$", "2017", "the place in a gallery, above its caption"),
    LineKind("d", "crawl", ("date ",), r"date \d{4}-\d\d-\d\d(?: |$)", "2017", "the crawler's own line: a page starts here"),
    LineKind("v", "form", ("• ", "Search form", "Last updated: "), rf"(?:• +)?Search form$|Last updated: {RELATIVE}$", "2016", "the top of a page of 2016 to 2018"),
    LineKind("j", "day", DIGITS, rf"{DAY_LINE}$", "2021", "the day an opinion first appeared, alone under its headline"),
    LineKind("y", "here", ("You are here",), r"You are here$", "2017", "the label of the breadcrumb"),
    LineKind("o", "home", ("• ",), r"• +Home$", "2018", "the head of the breadcrumb"),
    LineKind("m", "timeline", ("Click on the number", "1 2 3"), r"Click on the number for more info$|1 2 3(?: \d+)+$", "2019", "a timeline's numbers"),
    LineKind("L", "player", (*DIGITS, "Volume ", "Press shift", "View this post", "A post shared", "pic.twitter.com/", "Next Up", "Live", "Keyboard Shortcuts", "Play/Pause", "Error message"), r"\d+ seconds of .{0,40}Volume \d+%$|\d+ seconds of .{1,40}$|Volume \d+%$|Press shift question mark to .{0,60}$|\d\d:\d\d$|View this post on \w+$|A post shared by .{1,80}$|pic\.twitter\.com/\w+$|(?:Next Up|Live|Keyboard Shortcuts|Play/Pause|Error messageThe page .{0,80})$",
             "2024", "a video player's words, where a caption would be"),
    LineKind("p", "topics", ("Topics: ",), r"Topics: ", "2020", "tags at the end of a body, one empty line before the next"),
    LineKind("z", "footer", ("© ",), r"© \d{4} SAUDI RESEARCH\b", "2024", "the copyright line at the foot of a page"),
    LineKind("e", "end", ("MOST POPULAR", "Latest updates", "MORE FROM "), r"MOST POPULAR$|Latest updates$|MORE FROM [^.:]{3,40}$", "2017", "a box behind the last paragraph"),
    LineKind("q", "box", ("Enter", "keywords"), r"Enter$|keywords$", "2019", "the foot of a box in the midst of a body, which goes on below it"),
    LineKind("i", "listing", ("Latest published", "By ", "Stay Connected"), r"Latest published$|By [^·]{2,80} ·$|Stay Connected$", "2020", "an author's or an index page: teasers, and no article"),
    LineKind("I", "teaser", tuple(FULL_MONTHS), rf"{FULL_MONTH} \d\d, \d{{4}}$", "2016", "the day under a teaser of an author's page"),
    LineKind("V", "template", ("-", "{{"), r"-$|(?:- )?\{\{[#/]?\w+\}\}", "2017", "an amp template that nobody filled in"),
    LineKind("a", "author", ANY, r"[A-Z][\w .&’'-]{1,60} \|(?: ARAB NEWS)?$", "2017", "the author's line of 2017"),
    LineKind("w", "token", ANY, r"(?=.*[^\x00-\x7f])[^A-Za-z.!?]{1,20}$", "2024", "mojibake on a line of its own: the top of a mirror's page"),
    LineKind("b", "bullet", ("• ", "•\u00a0", "- ", "-\u00a0"), r"[•-][ \u00a0]", "2014", "a line of the summary; in a breadcrumb, a crumb"),
)  # fmt: skip
"""In this order; the first whose pattern matches a stripped line names it."""

BEGINNINGS = tuple(sorted({word for kind in LINE_KINDS for word in kind.begins}))
"""What a line of LINE_KINDS can begin with, but for those kinds that begin with anything."""
BEGINNINGS_BY_FIRST = {
    first: tuple(word for word in BEGINNINGS if word[0] == first)
    for first in {word[0] for word in BEGINNINGS}
}
"""The same by their first character."""

AGENCIES = frozenset(
    ("AFP", "AN", "AP", "Arab News", "ARAB NEWS", "Argaam", "REUTERS", "Reuters", "SPA", "WAM", "Bloomberg", "APP", "Agencies")
)  # fmt: skip
"""Who signs where no person does."""

CREDIT_SOURCES = (
    r"AFP|AP|APP|Reuters|REUTERS|SPA|WAM|AN|Arab News|Shutterstock|Supplied|Instagram|Twitter|X|Facebook|YouTube|Netflix|File"
    r"|Getty(?: Images)?|iStock|Unsplash|Bloomberg|EPA|PTI|ANI|Anadolu(?: Agency)?|AA|Xinhua|TASS|Sputnik|DPA|dpa|Alamy|ZUMA|Sipa"
    r"|WireImage|Pexels|Pixabay|Wikimedia(?: Commons)?|ISPR|PID|INP|PPI|KUNA|WAFA|Petra|QNA|BNA|Handout|Screengrab|Screenshot"
    r"|Courtesy|Social [Mm]edia"
)
"""Whose pictures they are, as a regular expression: what can be a credit without brackets."""

CAPTION_SOURCES = "|".join((*sorted(AGENCIES), "Supplied", "Shutterstock", "Getty Images", "File"))
"""Whose pictures amid a body are, as a regular expression."""

LABELS = (
    "quotes",
    "Special",
    "Analysis",
    "Exclusive",
    "Review",
    "Update",
    "Opinion",
    "Interview",
    "Feature",
    "Live",
    "Video",
    "Watch",
    "Editorial",
)
"""What an icon or a label leaves in front of a headline, or above it on a line of its own."""

LEAD_LINES = rf"Short Url[ \t]*$|{SHORT_URL}[ \t]*$|You are here|(?:• *)?Search form"
"""What only the first article of a page has above its body, the crawler's line aside, as a regular expression."""
FOOTER = "SAUDI RESEARCH"
"""What the last line of a page says."""

COLON_LABELS = frozenset(map(str.upper, AGENCIES)) | {
    "WATCH", "VIDEO", "VIDEOS", "PHOTO", "PHOTOS", "IN PICTURES", "GALLERY", "OPINION", "COMMENT", "COLUMN",
    "REVIEW", "PREVIEW", "RECAP", "EXCLUSIVE", "BREAKING", "BREAKING NEWS", "UPDATE", "UPDATED", "ANALYSIS",
    "NEWS ANALYSIS", "INTERVIEW", "PROFILE", "EDITORIAL", "FACTBOX", "FACT CHECK", "EXPLAINER", "TIMELINE",
    "LIVE", "NOTE", "NOTES", "EDITOR'S NOTE", "EDITOR’S NOTE", "CORRECTION", "CLARIFICATION", "DISCLAIMER",
    "READ", "READ MORE", "READ ALSO", "RELATED", "MORE", "SOURCE", "SOURCES", "CREDIT", "TOPIC", "TOPICS",
    "TAGS", "AUTHOR", "AUTHORS", "DIRECTOR", "CAST", "STARRING", "RATING", "GENRE", "DEVELOPER",
    "PUBLISHER", "PLATFORM", "PLATFORMS", "PRICE", "VERDICT", "RECIPE", "INGREDIENTS", "METHOD", "WHO",
    "WHAT", "WHEN", "WHERE", "WHY", "HOW", "Q&A", "QUESTION", "ANSWER", "QUOTE", "TIP", "TIPS", "FAQ",
    "BIO", "TEAM", "TEAMS", "SCORE", "SCORES", "RESULT", "RESULTS", "FIXTURES", "STANDINGS", "HIGHLIGHTS",
    "POLL", "PODCAST", "SPOILER ALERT", "WARNING", "ALERT", "REPORT", "FEATURE", "SPECIAL", "SPONSORED",
    "ADVERTISEMENT", "CEO", "PM", "MP", "IMF", "VAR", "MVP", "PS",
}  # fmt: skip
"""What stands before a colon in capitals and is no place."""

PATH_TAIL = re.compile(r"/node/\d+(?:/[\w-]*)?$")
"""What one extractor glued to a headline: the path of its page."""

FEED_MARK = '<div class="field'
"""What a line of a feed holds, which is a page of its own: an item with its HTML."""

ANCHOR_WORDS = (
    "Short Url", "http", "date ", "You are here", "Search form", "• Home", "•  Home", "• Search form", "Last updated: ", "Click on the",
    "Latest published", "By ", "Stay Connected", "{{", *"0123456789",
)  # fmt: skip
"""What lines begin with that hardly stand in a body, stamps aside: where a dump is worth a reading."""
ANCHOR_CODES = frozenset("sUdyovmciV")
"""The codes of such lines."""
