"""What the app keeps between looks is never seen: a page says what it would say made anew."""

import gc
import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.app.kept import SHELF, Shelf, Views
from dashboards.app.pages import PAGES
from dashboards.cli import APP
from dashboards.cut import EVERYTHING, Cut
from dashboards.views import headline

FILTERS = ("by", "csm", "month")


def page_of(address):
    session = AppTest.from_file(APP, default_timeout=120)
    session._page_hash = calc_hash(address) if address else ""
    return session


def said(session):
    assert not session.exception
    return [
        each.value for kind in ("markdown", "caption", "info") for each in session.get(kind)
    ] + [each.proto.body for each in session.get("html")]


def held():
    """The files that this process has open."""
    gc.collect()
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    return {Path(link) for link in links}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_after_other_filters_says_what_it_says_at_first(demo_home, monkeypatch, page):
    monkeypatch.setenv("CSW_HOME", str(demo_home.path))
    kept = page_of(page.address).run()
    for turn, name in enumerate((*FILTERS, *FILTERS)):
        box = kept.selectbox(key=name)
        box.select_index((turn + 1) % len(box.options))
        kept.run()
    state = {name: kept.session_state[name] for name in FILTERS if name in kept.session_state}
    SHELF.close()
    anew = page_of(page.address)
    for name, value in state.items():
        anew.session_state[name] = value
    anew.run()
    assert said(kept) == said(anew)
    assert len("".join(said(kept))) > 500


def test_views_are_kept_up_to_a_size_and_those_looked_at_last(demo_home, database, publication):
    shelf = Shelf()
    with shelf.lent(demo_home.published, publication.database, publication) as (published, _):
        views = Views(most_bytes=1)
        for cut in (EVERYTHING, Cut(month=published.as_of.replace(day=1))):
            drawn = views.drawn(headline.headline, published, cut, lambda view, _: view.title)
            assert drawn.html
        assert views.size == 0
    assert shelf.open_files == [database]
    shelf.close()
    assert shelf.open_files == []
    assert database.resolve() not in held()


def test_the_file_of_an_older_publication_is_closed(demo_home, database, publication, tmp_path):
    newer = tmp_path / publication.database
    newer.parent.mkdir(parents=True, exist_ok=True)
    newer.write_bytes(database.read_bytes())
    shelf = Shelf()
    name = publication.database
    with shelf.lent(demo_home.published, name, publication) as (published, _):
        with shelf.lent(tmp_path, name, publication):
            assert shelf.open_files == [newer]
        # Who reads the older one reads it to the end.
        assert published.rows("select count(*) as n from dim_account")[0]["n"]
    assert database.resolve() not in held()
    shelf.close()
    assert newer.resolve() not in held()
