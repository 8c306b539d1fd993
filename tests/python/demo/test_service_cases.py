"""Support, surveys and what customer success writes down."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise


def moment(text):
    return datetime.fromisoformat(text)


def statuses(company):
    found = defaultdict(list)
    for row in company.zendesk("ticket_field_history"):
        if row["field_name"] == "status":
            found[row["ticket_id"]].append((row["updated"], row["value"]))
    return {key: [value for _, value in sorted(rows)] for key, rows in found.items()}


def test_tickets_are_reopened(company):
    share = [
        "open" in rows[rows.index("solved") :]
        for rows in statuses(company).values()
        if "solved" in rows
    ]
    assert 0.02 < sum(share) / len(share) < 0.2


def test_tickets_are_merged(company):
    merged = [row for row in company.zendesk("tickets") if "closed_by_merge" in row["tags"]]
    assert merged
    assert all(row["status"] == "closed" for row in merged)


def test_the_ticket_is_the_last_state_of_its_history(company):
    last = {}
    for row in sorted(company.zendesk("ticket_field_history"), key=lambda r: r["updated"]):
        last[row["ticket_id"], row["field_name"]] = row["value"]
    for row in company.zendesk("tickets"):
        assert row["status"] == last[row["id"], "status"]
        assert row["priority"] == last[row["id"], "priority"]
        assert row["updated_at"] >= row["created_at"]


def test_escalations(company):
    rows = company.zendesk("tickets")
    assert any("escalated" in row["tags"] and row["priority"] == "urgent" for row in rows)
    changed = Counter(
        row["ticket_id"]
        for row in company.zendesk("ticket_field_history")
        if row["field_name"] == "priority"
    )
    assert max(changed.values()) >= 2


def test_unsolved_tickets_old_and_new(company):
    open_now = [r for r in company.zendesk("tickets") if r["status"] not in ("solved", "closed")]
    ages = [moment("2025-12-31T23:59:59Z") - moment(row["created_at"]) for row in open_now]
    assert min(ages) < timedelta(days=7)
    assert max(ages) > timedelta(days=60)


def test_public_and_private_comments_of_both_sides(company):
    roles = {row["id"]: row["role"] for row in company.zendesk("users")}
    kinds = {(roles[r["author_id"]], r["public"]) for r in company.zendesk("ticket_comments")}
    assert {("agent", True), ("agent", False), ("end-user", True)} <= kinds
    assert ("end-user", False) not in kinds


def test_tickets_without_an_answer_yet(company):
    roles = {row["id"]: row["role"] for row in company.zendesk("users")}
    answered = {
        row["ticket_id"]
        for row in company.zendesk("ticket_comments")
        if row["public"] and roles[row["author_id"]] != "end-user"
    }
    assert any(row["id"] not in answered for row in company.zendesk("tickets"))


def test_satisfaction_scores(company):
    scores = Counter(row["satisfaction_rating"]["score"] for row in company.zendesk("tickets"))
    assert set(scores) == {"good", "bad", "offered", "unoffered"}
    assert scores["good"] > 2 * scores["bad"]


def test_surveys_answered_and_not(company):
    sent = company.delighted("survey_requests")
    answered = company.delighted("survey_responses")
    assert 0.2 < len(answered) / len(sent) < 0.6
    scores = defaultdict(set)
    for row in answered:
        scores[row["survey_type"]].add(int(row["score"]))
    assert scores["nps"] == set(range(11))
    assert scores["csat"] == set(range(1, 6))
    assert scores["ces"] <= set(range(1, 6))
    assert any(row["updated_at"] > row["created_at"] for row in answered)
    asked = Counter(row["person"] for row in sent)
    assert max(asked.values()) > 3


def test_champions_leave(company):
    left = [
        r for r in company.salesforce("Contact") if r["Role__c"] == "champion" and r["Left_On__c"]
    ]
    assert len(left) > 10
    roles = {row["Role__c"] for row in company.salesforce("Contact")}
    assert roles == {"champion", "decision_maker", "sponsor", "admin", "user", "billing"}
    emails = {row["email"] for row in company.people("users")}
    champions = [r for r in company.salesforce("Contact") if r["Role__c"] == "champion"]
    assert sum(row["Email"] in emails for row in champions) > len(champions) / 2


def test_onboarding_on_time_late_and_never(company):
    rows = company.salesforce("Onboarding_Milestone__c")
    old = [row for row in rows if row["Due_Date__c"] < "2025-06-01"]
    assert any(not row["Completed_Date__c"] for row in old)
    late = [
        row["Completed_Date__c"] > row["Due_Date__c"] for row in old if row["Completed_Date__c"]
    ]
    assert 0.05 < sum(late) / len(late) < 0.5


def test_touchpoints_with_gaps(company):
    kinds = Counter(row["Type"] for row in company.salesforce("Event"))
    assert set(kinds) == {
        "Kickoff",
        "QBR",
        "EBR",
        "Check-in",
        "Training",
        "Meeting",
        "Escalation",
    }
    assert {row["Type"] for row in company.salesforce("Task")} == {"Call", "Email"}
    assert any(row["Status"] == "Not Started" for row in company.salesforce("Task"))
    reviews = defaultdict(list)
    for row in company.salesforce("Event"):
        if row["Type"] in ("QBR", "EBR"):
            reviews[row["AccountId"]].append(moment(row["StartDateTime"]))
    gaps = [
        (after - before).days
        for days in reviews.values()
        for before, after in pairwise(sorted(days))
    ]
    assert min(gaps) < 100
    assert max(gaps) > 200


def test_overrides(company):
    rows = company.salesforce("Health_Override__c")
    assert any(row["Expires__c"] for row in rows)
    assert any(not row["Expires__c"] for row in rows)
    assert any(row["IsDeleted"] == "true" for row in rows)


def test_churn_reasons(company):
    rows = company.salesforce("Churn_Reason__c")
    assert {row["Is_Controllable__c"] for row in rows} == {"true", "false"}
    assert len({row["Reason__c"] for row in rows}) > 4


def test_opportunities(company):
    rows = company.salesforce("Opportunity")
    assert {row["Type"] for row in rows} == {"New Business", "Expansion", "Renewal"}
    stages = {row["StageName"] for row in rows}
    assert {"Closed Won", "Closed Lost", "Qualification", "Proposal", "Negotiation"} == stages
    for row in rows:
        assert (row["IsClosed"] == "true") == (row["StageName"].startswith("Closed"))
