"""Links from page to page lead somewhere, on the site and where the repository is read."""

import re

import pytest

from tests.pages import DOCS, ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_to_files_that_are_there(page):
    for link in LINK.findall(FENCED.sub("", page.read_text())):
        path = link.partition("#")[0]
        if path and "://" not in link:
            assert (page.parent / path).exists(), f"{page.name} links to {link}"
            assert DOCS in (page.parent / path).resolve().parents or DOCS not in page.parents, f"{link} is not on the site"


def test_every_page_stands_in_the_navigation():
    told = (ROOT / "mkdocs.yml").read_text()
    assert [page.name for page in DOCS.rglob("*.md") if f"{page.relative_to(DOCS).as_posix()}\n" not in told] == []


def test_pages_show_pictures_that_are_there_and_every_picture_is_shown():
    shown = {name for page in PAGES for name in re.findall(r"pictures/([\w.-]+)", page.read_text())}
    assert shown == {picture.name for picture in (DOCS / "pictures").iterdir()}
