"""A hook of MkDocs: pages that stand elsewhere in the repository are part of the site, and all links lead where they should.

Every page is written for readers of the repository: its links are paths of files there. On the site

    [the way in](../runners/README.md#prism)

leads to the page made of that file. A link to a file that is no page, such as a program, becomes its name. A link to
nothing is a warning, which fails the build.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOG = logging.getLogger("mkdocs.hooks.docs_site")

ELSEWHERE = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "examples/consumers/README.md": "project/consumers.md",
    "pipeline/rules/GAZETTEER.md": "project/gazetteer.md",
    "runners/README.md": "project/runners.md",
    "runners/dataflow/README.md": "project/dataflow.md",
    "runners/flink/README.md": "project/flink.md",
    "runners/kubernetes/README.md": "project/kubernetes.md",
    "runners/spark/README.md": "project/spark.md",
}
"""Pages outside of docs/, and where they stand on the site."""
HOME = {"README.md": "index.md"}
"""The README is not on the site: its links lead to the home page."""

LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^][]|\[[^][]*\])*)\]\((?P<target>[^()\s]+)\)")
FENCE = re.compile(r"(^```.*?^```\s*$)", re.M | re.S)


def place_on_site(path: str) -> str | None:
    """Where a file of the repository stands on the site, if it does."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return ELSEWHERE.get(path) or HOME.get(path)


def place_in_repository(page: str) -> str:
    """Where a page of the site stands in the repository."""
    return next((path for path, place in ELSEWHERE.items() if place == page), f"docs/{page}")


def with_site_links(markdown: str, page: str) -> str:
    """The text of a page with links of the site in place of those of the repository."""
    folder = posixpath.dirname(place_in_repository(page))

    def changed(link: re.Match[str]) -> str:
        path, mark, anchor = link["target"].partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return link[0]
        target = posixpath.normpath(posixpath.join(folder, path))
        place = place_on_site(target)
        if place and (ROOT / target).is_file():
            relative = posixpath.relpath(place, posixpath.dirname(page) or ".")
            return f"{link['picture']}[{link['text']}]({relative}{mark}{anchor})"
        if (ROOT / target).exists():
            return link["text"]
        LOG.warning("%s links to %s, which is not there", place_in_repository(page), link["target"])
        return link[0]

    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(changed, part) for part in parts)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand elsewhere."""
    from mkdocs.structure.files import File  # which the tests of this file do without

    for path, place in ELSEWHERE.items():
        if (ROOT / path).is_file():
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    return with_site_links(markdown, page.file.src_uri)
