"""The pack for a business review says what its mart says, and what is not known of an account."""

import pytest

from dashboards.published import opened
from dashboards.report import ReportError, account_report
from dashboards.views import review
from tests.python.dashboards.test_report import Page, spaced

pytestmark = pytest.mark.long


@pytest.fixture
def known(database, publication):
    """An account of which much is known."""
    with opened(database, publication) as published:
        return published.row(
            "select pack.* from mart_qbr_pack as pack"
            " where renewal_on is not null and health_reason_1 is not null"
            " and seat_utilisation_percentile is not null and threads > 1"
            " and exists (from mart_stakeholder_map as people"
            " where people.account_id = pack.account_id and standing = 'left')"
            " order by arr desc, account_id limit 1"
        )


def drawn(database, publication, view, account_id):
    with opened(database, publication) as published:
        return view(published, account_id)


def said(view):
    """All that a view says, in one text."""
    figures = [f"{each.title}: {each.value} {each.change}" for each in view.figures]
    cells = [cell for row in (view.table.rows if view.table else ()) for cell in row]
    return spaced(" | ".join([*figures, *view.sentences, *cells, *view.notes]))


def test_the_pack_says_what_its_mart_says(database, publication, known):
    view = drawn(database, publication, review.review, known["account_id"])
    text = said(view)
    assert known["health_reason_1"] in text
    assert str(known["renewal_on"]) in text
    assert str(known["quarter_from"]) in text
    rows = {row[0]: [spaced(cell) for cell in row[1:]] for row in view.table.rows}
    assert rows["Tickets opened"][:2] == [
        str(known["tickets_opened"]),
        str(known["tickets_opened_before"]),
    ]
    place = f"{known['seat_utilisation_percentile'] * 100:.1f} %"
    assert rows["Seats in use"][2] == f"ahead of {place} of {known['seat_utilisation_peers']}"
    assert {figure.source[1] for figure in view.figures} <= set(known)


def test_what_is_not_known_of_a_quarter_is_no_zero(changed, publication, known):
    nothing = (
        "tickets_opened", "tickets_opened_before", "tickets_open", "active_users", "features_used",
        "threads", "threading", "nps", "nps_respondents", "csat", "touchpoints", "champion",
        "decision_maker", "sponsor", "last_review_on", "last_executive_review_on", "renewal_on",
        "renewal_atr",
    )  # fmt: skip
    copy = changed(
        f"update mart_qbr_pack set {', '.join(f'{column} = null' for column in nothing)},"
        " risk_signals_open = 0, health_band = 'unknown'"
    )
    view = drawn(copy, publication, review.review, known["account_id"])
    figures = {figure.title: figure.value for figure in view.figures}
    assert (figures["People we talk to"], figures["NPS"]) == ("not known", "not known")
    assert (figures["Last review"], figures["Renewal"]) == ("none known", "none")
    rows = {row[0]: row[1:] for row in view.table.rows}
    for what in ("Tickets opened", "Tickets open", "Active users, 28 days", "Features in use",
                 "Satisfied in surveys", "Touchpoints held"):  # fmt: skip
        assert rows[what][0] == "not known", what
    text = said(view)
    assert "is recorded of no customer" in text
    assert "too little is known of the account to warn of one" in text
    assert "With how many people we talk is not known" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("threading = 'one'", "The relation hangs on one person (single-threaded)."),
        ("threading = 'nobody'", "Nobody of the account was talked to in 90 days."),
        ("champion = 'engaged', decision_maker = null, sponsor = 'engaged'",
         "Engaged: champion, sponsor."),
        ("champion = 'left', decision_maker = 'nobody', sponsor = 'silent'",
         "Not covered: champion (left), decision maker (nobody named), sponsor (not heard of)."),
        ("risk_signals_open = 0, health_band = 'green'", "No risk signal is open."),
        ("expansion_signals_open = 1, expansion_signals = 'Seats nearly full'",
         "It may have reason to buy more: Seats nearly full."),
        ("auto_renew = false, is_renewal_prepared = false, renewal_notice_on = '2025-11-02'",
         "does not renew by itself, is not prepared, notice was given on 2025-11-02."),
        ("cancel_requested_at = '2025-12-01 10:00:00'", "Asked to cancel on 2025-12-01."),
        ("past_due_amount = 1200", "are past due."),
    ],
)  # fmt: skip
def test_the_pack_says_in_words_what_stands_out(changed, publication, known, values, sentence):
    copy = changed(f"update mart_qbr_pack set {values}")
    assert sentence in said(drawn(copy, publication, review.review, known["account_id"]))


def test_people_are_named_with_who_left_and_who_logs_in(changed, database, publication, known):
    account = known["account_id"]
    with opened(database, publication) as published:
        people = published.rows(
            "from mart_stakeholder_map where account_id = ? and standing = 'left'", account
        )
    view = drawn(database, publication, review.stakeholders, account)
    rows = {row[0]: row for row in view.table.rows}
    for person in people:
        assert rows[person["contact_name"]][3] == f"left on {person['left_on']}"
    bare = changed(
        "update mart_stakeholder_map set contact_name = null, title = null,"
        " has_product_user = null, last_touchpoint_on = null",
        "update mart_stakeholder_coverage set key_people_left_180d = 2,"
        " executives_in_place = 3, executives_active_28d = null,"
        " last_key_person_left_on = '2025-11-02'",
    )
    view = drawn(bare, publication, review.stakeholders, account)
    assert {(row[1], row[4], row[5]) for row in view.table.rows} == {
        ("not known", "none", "not known")
    }
    assert {row[0] for row in view.table.rows} <= {row["contact_id"] for row in view.table.exact}
    assert "left in 180 days, the last on 2025-11-02" in said(view)
    assert "it is not known who uses the product" in said(view)


def test_an_account_without_a_contract_or_contacts_says_so(changed, publication, known):
    copy = changed(is_emptied=True)
    for view, words in (
        (review.review, "nothing to review"),
        (review.stakeholders, "no contact"),
        (review.growth, "No expansion signal"),
    ):
        empty = drawn(copy, publication, view, known["account_id"])
        assert empty.is_empty
        assert words in empty.nothing


def test_the_report_of_an_account_has_its_people_alone(database, publication, known):
    html = account_report(database, publication, f" {known['account_name'].upper()} ")
    page = Page(html)
    assert "script" not in page.tags
    assert list(page.sections)[:2] == ["review", "stakeholders"]
    links = page.values("href")
    assert {link.removeprefix("#") for link in links} <= set(page.values("id"))
    with opened(database, publication) as published:
        others = published.rows(
            "select distinct contact_name from mart_stakeholder_map where account_id <> ?1"
            " and contact_name not in"
            " (select contact_name from mart_stakeholder_map where account_id = ?1)",
            known["account_id"],
        )
        own = published.rows(
            "select contact_name from mart_stakeholder_map where account_id = ? and is_in_place",
            known["account_id"],
        )
    assert others
    assert all(row["contact_name"] in page.texts for row in own)
    assert not [row["contact_name"] for row in others if row["contact_name"] in page.texts]


def test_an_account_that_nobody_knows_is_an_error(changed, publication, known):
    copy = changed("update mart_account_360 set account_name = 'Twin'")
    with pytest.raises(ReportError, match="No account is called 'nobody'"):
        account_report(copy, publication, "nobody")
    with pytest.raises(ReportError, match=f"Several are called 'twin'.*{known['account_id']}"):
        account_report(copy, publication, "twin")
    assert "Twin" in account_report(copy, publication, known["account_id"])


def test_a_report_is_of_a_csm_or_of_an_account(demo_home, run_csw, tmp_path, known):
    file = tmp_path / "pack.html"
    both = run_csw("report", "--csm", "x", "--account", "y", CSW_HOME=demo_home.path)
    assert both.returncode != 0
    assert "give --csm or --account" in both.stdout + both.stderr
    done = run_csw(
        "report", "--account", known["account_id"], "--output", file, CSW_HOME=demo_home.path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert known["account_name"] in file.read_text(encoding="utf-8")
