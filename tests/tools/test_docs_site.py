"""Links of pages lead to the same place on the site as in the repository."""

import logging

import pytest
import yaml

from tests.conftest import ROOT
from tools.docs_site import ELSEWHERE, place_in_repository, place_on_site, with_site_links

LINKS = {
    ("how-to/engines.md", "[a](../../runners/README.md#prism)"): "[a](../project/runners.md#prism)",
    ("how-to/read.md", "[a](export.md)"): "[a](export.md)",
    ("project/security.md", "[a](runners/flink/README.md#the-check)"): "[a](flink.md#the-check)",
    ("project/contributing.md", "[a](docs/reading.md)"): "[a](../reading.md)",
    ("project/flink.md", "[a](../README.md#prism)"): "[a](runners.md#prism)",
    ("index.md", "[a](https://example.org/a.md)"): "[a](https://example.org/a.md)",
    ("index.md", "[a](#words)"): "[a](#words)",
    ("index.md", "[a](../README.md)"): "[a](index.md)",
    ("index.md", "[LICENSE](../LICENSE)"): "LICENSE",
    ("index.md", "![a](images/report.png)"): "![a](images/report.png)",
    ("index.md", "```text\n[a](none.md)\n```\n"): "```text\n[a](none.md)\n```\n",
}


@pytest.mark.parametrize(("page", "markdown"), LINKS)
def test_links(page, markdown):
    assert with_site_links(markdown, page) == LINKS[page, markdown]


def test_a_link_to_nothing_is_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        with_site_links("[a](none.md)", "how-to/read.md")
    assert caplog.messages == ["docs/how-to/read.md links to none.md, which is not there"]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_pages_that_stand_elsewhere_are_there(path):
    assert ROOT.joinpath(path).is_file()
    assert place_in_repository(place_on_site(path)) == path


def test_every_page_is_in_the_navigation():
    """`mkdocs build --strict` sees it, too; this test needs no MkDocs."""
    settings = yaml.safe_load(ROOT.joinpath("mkdocs.yml").read_text("utf-8"))

    def pages(part):
        if isinstance(part, str):
            return [part]
        return [page for each in (part.values() if isinstance(part, dict) else part) for page in pages(each)]

    docs = [str(path.relative_to(ROOT / "docs")) for path in ROOT.glob("docs/**/*.md")]
    assert sorted(pages(settings["nav"])) == sorted([*docs, *ELSEWHERE.values()])
