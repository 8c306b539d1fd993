"""Accounts, their groups, merges and deletions; and what no account fits."""

from datetime import date

FREE = {"gmail.com", "outlook.com", "yahoo.com", "icloud.com"}


def domain(text):
    return text.split("@")[1]


def sites(company):
    found = {}
    for row in company.salesforce("Account"):
        if row["IsDeleted"] == "false":
            site = row["Website"].removeprefix("https://www.")
            found.setdefault(site, []).append(row["Id"])
    return found


def test_ids_have_the_right_checksum(company):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for row in company.salesforce("Account"):
        key = row["Id"]
        assert len(key) == 18
        for part in range(3):
            five = key[part * 5 : part * 5 + 5]
            bits = sum(1 << place for place, letter in enumerate(five) if letter.isupper())
            assert key[15 + part] == letters[bits]


def test_customers_without_account_id(company):
    lost = [row for row in company.stripe("customers") if not row["metadata"]]
    matches = [len(sites(company).get(domain(row["email"]), [])) for row in lost]
    assert 1 in matches
    assert 2 in matches
    assert any(domain(row["email"]) in FREE for row in lost)


def test_unassigned_has_real_arr(company):
    rows = [r for r in company.truth("account_month") if r["account_id"] == "unassigned"]
    assert len(rows) == 36
    assert rows[-1]["closing_arr"] > 5_000
    assert {"expansion", "contraction"} <= {row["movement"] for row in rows}


def test_merges(company):
    accounts = {row["Id"]: row for row in company.salesforce("Account")}
    merged = [row for row in accounts.values() if row["MasterRecordId"]]
    assert len(merged) >= 3
    moments = {
        row["AccountId"]
        for row in company.salesforce("AccountHistory")
        if row["Field"] == "MasterRecordId"
    }
    for row in merged:
        assert row["IsDeleted"] == "true"
        assert accounts[row["MasterRecordId"]]["IsDeleted"] == "false"
        assert row["Id"] in moments


def test_related_rows_move_to_the_survivor(company):
    merged = {r["Id"] for r in company.salesforce("Account") if r["MasterRecordId"]}
    for name in ("Contact", "Opportunity", "Task"):
        assert not merged & {row["AccountId"] for row in company.salesforce(name)}


def test_a_survivor_may_have_been_nobody(company):
    """A paying account merged into one that never paid: no new, no churn."""
    survivors = {r["MasterRecordId"] for r in company.salesforce("Account") if r["MasterRecordId"]}
    first = {}
    for row in company.truth("account_month"):
        first.setdefault(row["account_id"], row)
    assert any(
        first[key]["transfer_arr"] > 0 and first[key]["movement"] != "new"
        for key in survivors
        if key in first
    )


def test_groups_of_three_levels(company):
    parents = {row["Id"]: row["ParentId"] for row in company.salesforce("Account")}
    assert any(parents.get(parents.get(key, ""), "") for key in parents)


def test_soft_deleted_rows(company):
    for name in ("Account", "Contact", "Task"):
        rows = company.salesforce(name)
        assert any(row["IsDeleted"] == "true" for row in rows)
    contacts = company.salesforce("Contact")
    assert any(row["MasterRecordId"] for row in contacts)


def test_a_deleted_account_with_billing(company):
    deleted = {
        row["Id"]
        for row in company.salesforce("Account")
        if row["IsDeleted"] == "true" and not row["MasterRecordId"]
    }
    keys = {row["metadata"].get("crm_account_id") for row in company.stripe("customers")}
    assert deleted & keys


def test_attributes_change_over_time(company):
    fields = {row["Field"] for row in company.salesforce("AccountHistory")}
    assert fields == {"Segment__c", "Region__c", "CSM__c", "MasterRecordId"}
    now = {row["Id"]: row for row in company.salesforce("Account")}
    last = {}
    for row in sorted(company.salesforce("AccountHistory"), key=lambda r: r["CreatedDate"]):
        last[row["AccountId"], row["Field"]] = row["NewValue"]
    for (account, field), value in last.items():
        assert now[account][field.replace("__c", "__c")] == value


def test_a_manager_left_and_handed_over(company):
    gone = {row["Id"] for row in company.salesforce("User") if row["IsActive"] == "false"}
    assert len(gone) == 1
    assert not gone & {row["CSM__c"] for row in company.salesforce("Account")}
    users = {row["Id"] for row in company.salesforce("User")}
    assert all(r["ManagerId"] in users for r in company.salesforce("User") if r["ManagerId"])


def test_keys_of_other_systems_are_missing_for_some(company):
    groups = company.people("groups")
    assert any(row["crm_account_id"] is None and row["domain"] for row in groups)
    assert any(row["crm_account_id"] is None and not row["domain"] for row in groups)
    organizations = company.zendesk("organizations")
    assert any(row["external_id"] is None and row["domain_names"] for row in organizations)
    assert any(
        '"account_id"' not in r["person_properties"] for r in company.delighted("survey_requests")
    )


def test_movements_of_merges_are_transfers(company):
    rows = [row for row in company.truth("account_month") if row["transfer_arr"] < 0]
    assert rows
    assert all(row["closing_arr"] == 0 and row["movement"] == "none" for row in rows)
    assert min(row["month"] for row in rows) > date(2023, 1, 1)
