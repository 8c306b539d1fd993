"""What Streamlit runs for each look at a page: `csw dashboard` starts it.

It reads what `manifest.json` names, by a connection that is closed when the page is made: a refresh
is never in its way, and what it publishes is there at the next look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import streamlit as st

from dashboards.app.filters import choose, in_words
from dashboards.app.kept import SHELF, Views
from dashboards.app.pages import ACCOUNT, BOOK, PAGES, Page, Reading
from dashboards.app.show import show_contents, show_top
from dashboards.cli import CSM_VARIABLE
from dashboards.cut import Cut
from dashboards.published import Published
from dashboards.report import find_csm
from dashboards.views import standing
from orchestration.database import DatabaseError
from orchestration.errors import ExplainedError
from orchestration.home import Home
from orchestration.publish import MANIFEST, read_publication

LOOK_EVERY = "30s"


def main() -> None:
    """Show the page that is asked for."""
    st.set_page_config(page_title="Customer success", layout="wide")
    folder = Home.resolve().published
    only_csm = os.environ.get(CSM_VARIABLE)
    pages = [
        st.Page(_nothing, title=page.title, url_path=page.address or None, default=number == 0)
        for number, page in enumerate([BOOK, ACCOUNT] if only_csm else PAGES)
    ]
    chosen = st.navigation(pages)
    page = next(page for page in PAGES if page.title == chosen.title)
    chosen.run()
    _follow(folder, _manifest(folder))
    try:
        _show(page, folder, only_csm)
    except ExplainedError as error:
        st.error(str(error))


def _show(page: Page, folder: Path, only_csm: str | None) -> None:
    with ExitStack() as files:
        lent = _open(files, folder)
        if lent is None:
            st.info("Nothing is published yet: run `csw refresh`.")
            return
        published, views = lent
        publication = published.publication

        def quality() -> Published | None:
            """Open what the checks found: most pages need it only when a newer run is held."""
            if publication.quality is None:
                return None
            name = publication.quality.database
            return files.enter_context(SHELF.lent(folder, name, publication))[0]

        csm_id = find_csm(published, only_csm).csm_id if only_csm else None
        cut = choose(published, views, csm_id)
        reading = Reading(published, views, quality, cut)
        chosen = list(in_words(published, views, cut))
        show_top(page.title, published, chosen, list(_warnings(reading, csm_id)))
        contents = st.empty()
        page.make(reading)
        reading.show()
        show_contents(contents, reading.shown)


def _open(files: ExitStack, folder: Path) -> tuple[Published, Views] | None:
    """Open what is published, if anything is, until the files are closed."""
    publication = read_publication(folder)
    if publication is None:
        return None
    try:
        return files.enter_context(SHELF.lent(folder, publication.database, publication))
    except DatabaseError:
        newer = read_publication(folder)
        if newer is None or newer == publication:
            raise
        # Three publications have passed since the manifest was read.
        return files.enter_context(SHELF.lent(folder, newer.database, newer))


def _warnings(reading: Reading, only_csm: str | None) -> Iterator[str]:
    published, views = reading.published, reading.views
    said = [standing.old(published)]
    if published.has("mart_data_gaps", "fct_account_month", "dim_account"):
        doubt = views.once(standing.in_doubt, published, Cut(csm_id=only_csm))
        said.append(f"{doubt} The page Trust says which." if doubt and not only_csm else doubt)
        if not only_csm:
            said += views.once(_stale, published)
    if standing.is_newer_held(published) and (found := reading.quality()):
        said.append(standing.held(published, found, is_explained=not only_csm))
    yield from filter(None, said)


def _stale(published: Published) -> list[str]:
    return list(standing.stale(published))


@st.fragment(run_every=LOOK_EVERY)
def _follow(folder: Path, shown: bytes) -> None:
    """Look now and then whether something newer is published than what is shown."""
    if _manifest(folder) != shown:
        st.rerun()


def _manifest(folder: Path) -> bytes:
    file = folder / MANIFEST
    return file.read_bytes() if file.is_file() else b""


def _nothing() -> None:
    """A page is shown by `main`, which has what all pages have in common."""


main()
