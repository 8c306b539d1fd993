"""Salesforce: CSV files with the field names Salesforce uses."""

from collections.abc import Iterator

from demo import crm
from demo.accounts import Account, account_id
from demo.clock import DAY, iso, iso_day
from demo.export.delighted import csv_line
from demo.ids import salesforce
from demo.life import Life
from demo.names import TITLES
from demo.records import Deal
from demo.streams import stream

COLUMNS = {
    "Account": "Id IsDeleted MasterRecordId Name Type ParentId Website Industry NumberOfEmployees "
    "BillingCountry Region__c Segment__c Lifecycle_Status__c CSM__c OwnerId CreatedDate "
    "SystemModstamp",
    "AccountHistory": "Id AccountId Field OldValue NewValue CreatedDate",
    "User": "Id Name Email ManagerId IsActive SystemModstamp",
    "Contact": "Id IsDeleted MasterRecordId AccountId FirstName LastName Email Title Role__c "
    "Left_On__c CreatedDate SystemModstamp",
    "Opportunity": "Id IsDeleted AccountId Name Type StageName Amount CurrencyIsoCode CloseDate "
    "IsWon IsClosed ForecastCategory CreatedDate SystemModstamp",
    "Task": "Id IsDeleted AccountId WhoId OwnerId Subject Type Status Outcome__c ActivityDate "
    "CompletedDateTime CreatedDate SystemModstamp",
    "Event": "Id IsDeleted AccountId WhoId OwnerId Subject Type Outcome__c StartDateTime "
    "EndDateTime CreatedDate SystemModstamp",
    "Onboarding_Milestone__c": "Id IsDeleted Account__c Milestone__c Due_Date__c "
    "Completed_Date__c SystemModstamp",
    "Health_Override__c": "Id IsDeleted Account__c Score__c Author__c Reason__c Valid_From__c "
    "Expires__c SystemModstamp",
    "Churn_Reason__c": "Id IsDeleted Account__c Churned_On__c Reason__c Detail__c "
    "Is_Controllable__c SystemModstamp",
}
HEADERS = {f"salesforce/{name}.csv": csv_line(text.split()) for name, text in COLUMNS.items()}
PER_ACCOUNT = 1_000


def flag(value: bool) -> str:
    """A Salesforce boolean."""
    return "true" if value else "false"


def _key(kind: str, life: Life, number: int) -> str:
    return salesforce(kind, life.account.index * PER_ACCOUNT + number)


def _known(ts: int | None, cut: int) -> bool:
    return ts is not None and ts < cut


def home_of(account: Account, cut: int) -> str:
    """The account that related records hang on: the survivor after a merge."""
    if _known(account.merged_at, cut):
        return account_id(account.merged_into)
    return account.id


def attributes(account: Account, cut: int) -> dict[str, str | None]:
    """Attributes that change, as known before a moment."""
    values = {
        "Segment__c": account.segment,
        "Region__c": account.region,
        "CSM__c": account.csm,
    }
    for change in sorted(account.history, key=lambda c: c.ts, reverse=True):
        if change.ts >= cut and change.field in values:
            values[change.field] = change.old
    return values


def lifecycle(life: Life, cut: int) -> tuple[str, int]:
    """Lifecycle status, and since when it is known."""
    known = [sub.known(cut) for sub in life.book.subs]
    states = [s for s in known if s]
    if not states:
        return "Prospect", life.account.created
    first = min(s[0].at for s in states)
    if all(s[-1].kind == "deleted" or s[-1].status == "unpaid" for s in states):
        return "Churned", max(s[-1].at for s in states)
    if all(s[-1].status == "trialing" for s in states):
        return "Trial", first
    if cut < first + 60 * DAY:
        return "Onboarding", first
    return "Customer", first + 60 * DAY


def _account(life: Life, cut: int) -> str:
    account = life.account
    values = attributes(account, cut)
    status, since = lifecycle(life, cut)
    merged, deleted = _known(account.merged_at, cut), _known(account.deleted_at, cut)
    moments = [account.created, since]
    moments += [c.ts for c in account.history if c.ts < cut]
    moments += [account.deleted_at] if deleted else []
    kind = {"Prospect": "Prospect", "Churned": "Former Customer"}.get(status, "Customer")
    cells = (
        account.id,
        flag(merged or deleted),
        account_id(account.merged_into) if merged else "",
        account.name,
        kind,
        account_id(account.parent) if account.parent is not None else "",
        account.website,
        account.industry,
        account.employees,
        account.country,
        values["Region__c"],
        values["Segment__c"],
        status,
        values["CSM__c"],
        values["CSM__c"],
        iso(account.created),
        iso(max(moments)),
    )
    return csv_line(cells)


def _history(life: Life, cut: int) -> Iterator[str]:
    for number, change in enumerate(sorted(life.account.history, key=lambda c: c.ts)):
        if change.ts < cut:
            key = _key("account_history", life, number)
            cells = (key, life.account.id, change.field, change.old, change.new, iso(change.ts))
            yield csv_line(cells)


def _contacts(life: Life, cut: int, home: str) -> Iterator[str]:
    rng = stream(life.seed, "contacts", life.account.index)
    doubled = rng.random() < 0.06
    removed = rng.random() < 0.04
    people = [
        (c.number, c.first, c.last, c.email, c.title, c.role, c.left, c.created)
        for c in life.people.contacts
    ]
    linked = {c.user for c in life.people.contacts}
    titles = TITLES["user"]
    for user in life.people.users[:4]:
        if user.number not in linked:
            first, last = user.name.split(" ", 1)
            title = titles[user.number % len(titles)]
            number = 500 + user.number
            row = (number, first, last, user.email, title, "user", user.left, user.created)
            people.append(row)
    if doubled:
        number, first, last, email, title, role, left, created = people[0]
        people.append((900, first, last, email, title, role, left, created + 3 * DAY))
    for number, first, last, email, title, role, left, created in people:
        if created >= cut:
            continue
        changed, master, deleted = created, "", False
        if number == 900 and created + 25 * DAY < cut:
            changed, master, deleted = created + 25 * DAY, _key("contact", life, people[0][0]), True
        if number == 501 and removed and created + 90 * DAY < cut:
            changed, deleted = created + 90 * DAY, True
        gone = _known(left, cut)
        moments = [changed, left] if gone else [changed]
        if home != life.account.id:
            moments.append(life.account.merged_at)
        cells = (
            _key("contact", life, number),
            flag(deleted),
            master,
            home,
            first,
            last,
            email,
            title,
            role,
            iso_day(left) if gone else "",
            iso(created),
            iso(max(moments)),
        )
        yield csv_line(cells)


def _stage(deal: Deal, cut: int) -> tuple[str, str, bool, bool, int]:
    """Stage, forecast category, won, closed, and since when."""
    if deal.close < cut:
        if deal.won:
            return "Closed Won", "Closed", True, True, deal.close
        return "Closed Lost", "Omitted", False, True, deal.close
    steps = (
        ("Qualification", "Pipeline", 0.0),
        ("Proposal", "BestCase", 0.4),
        ("Negotiation", "Forecast", 0.75),
    )
    length = max(1, deal.close - deal.created)
    name, category, share = [s for s in steps if deal.created + s[2] * length < cut][-1]
    return name, category, False, False, int(deal.created + share * length)


def _opportunities(life: Life, cut: int, home: str) -> Iterator[str]:
    for number, deal in enumerate(life.deals):
        if deal.created >= cut:
            continue
        stage, category, won, closed, since = _stage(deal, cut)
        cells = (
            _key("opportunity", life, number),
            "false",
            home,
            f"{life.account.name} - {deal.kind}",
            deal.kind,
            stage,
            f"{deal.amount:.2f}",
            deal.currency.upper(),
            iso_day(deal.close),
            flag(won),
            flag(closed),
            category,
            iso(deal.created),
            iso(since),
        )
        yield csv_line(cells)


def _touches(life: Life, cut: int, home: str) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {"Task": [], "Event": []}
    owner_at = sorted((c for c in life.account.history if c.field == "CSM__c"), key=lambda c: c.ts)
    for number, touch in enumerate(crm.touches(life)):
        if touch.planned >= cut:
            continue
        held = touch.ts < cut
        later = [c.old for c in owner_at if c.ts > touch.ts]
        owner = later[0] if later else life.account.csm
        who = "" if touch.contact is None else _key("contact", life, touch.contact)
        changed = iso(touch.ts if held else touch.planned)
        deleted = flag(touch.deleted and held)
        subject = f"{touch.kind} with {life.account.name}"
        outcome = touch.outcome if held else ""
        if touch.kind in crm.CALENDAR:
            key = _key("event", life, number)
            cells = (key, deleted, home, who, owner, subject, touch.kind, outcome)
            cells += (iso(touch.ts), iso(touch.ts + 2_700), iso(touch.planned), changed)
            out["Event"].append(csv_line(cells))
        else:
            key = _key("task", life, number)
            status = "Completed" if held else "Not Started"
            cells = (key, deleted, home, who, owner, subject, touch.kind, status, outcome)
            cells += (iso_day(touch.ts), iso(touch.ts) if held else "", iso(touch.planned), changed)
            out["Task"].append(csv_line(cells))
    return out


def _milestones(life: Life, cut: int, home: str) -> Iterator[str]:
    start = crm.first_access(life)
    for number, step in enumerate(crm.milestones(life)):
        if start is None or start >= cut:
            continue
        done = _known(step.done, cut)
        cells = (
            _key("milestone", life, number),
            "false",
            home,
            step.name,
            iso_day(step.due),
            iso_day(step.done) if done else "",
            iso(step.done if done else start),
        )
        yield csv_line(cells)


def _overrides(life: Life, cut: int, home: str) -> Iterator[str]:
    for number, item in enumerate(crm.overrides(life)):
        if item.ts >= cut:
            continue
        gone = _known(item.withdrawn, cut)
        cells = (
            _key("override", life, number),
            flag(gone),
            home,
            item.score,
            life.account.csm,
            item.reason,
            iso_day(item.ts),
            iso_day(item.ts + item.days * DAY) if item.days else "",
            iso(item.withdrawn if gone else item.ts),
        )
        yield csv_line(cells)


def _departures(life: Life, cut: int, home: str) -> Iterator[str]:
    for number, left in enumerate(life.departures):
        known = left.ts + 4 * DAY
        if known < cut:
            cells = (
                _key("churn_reason", life, number),
                "false",
                home,
                iso_day(left.ts),
                left.reason,
                left.detail,
                flag(left.controllable),
                iso(known),
            )
            yield csv_line(cells)


def rows(life: Life, cut: int) -> dict[str, list[str]]:
    """All CRM rows of one account as known before a moment."""
    account = life.account
    if not account.crm or account.created >= cut:
        return {}
    home = home_of(account, cut)
    return {
        "Account": [_account(life, cut)],
        "AccountHistory": list(_history(life, cut)),
        "Contact": list(_contacts(life, cut, home)),
        "Opportunity": list(_opportunities(life, cut, home)),
        **_touches(life, cut, home),
        "Onboarding_Milestone__c": list(_milestones(life, cut, home)),
        "Health_Override__c": list(_overrides(life, cut, home)),
        "Churn_Reason__c": list(_departures(life, cut, home)),
    }
