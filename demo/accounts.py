"""The accounts: who arrives when, and what they are like."""

from dataclasses import dataclass, field

from demo import names
from demo.clock import DAY, HOUR, at, month_start
from demo.ids import salesforce
from demo.streams import stream

FIRST_COHORT = 120
PER_MONTH = 8
STORIES = 60
# One manager of accounts leaves; the accounts are handed over in the days before.
LEAVER, LEAVES = 1, at(2024, 6, 28, 16)
SEGMENTS = ("SMB", "Mid-Market", "Enterprise")
INDUSTRIES = (
    "Software",
    "Financial Services",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Logistics",
    "Education",
    "Media",
)
# Region, country, currency, weight.
PLACES = (
    ("North America", "United States", "usd", 0.44),
    ("North America", "Canada", "usd", 0.06),
    ("EMEA", "United Kingdom", "usd", 0.06),
    ("EMEA", "Germany", "eur", 0.12),
    ("EMEA", "France", "eur", 0.07),
    ("EMEA", "Netherlands", "eur", 0.06),
    ("EMEA", "Spain", "eur", 0.04),
    ("APAC", "Japan", "jpy", 0.09),
    ("APAC", "Australia", "usd", 0.06),
)


@dataclass(slots=True)
class Change:
    """One row of the account history."""

    ts: int
    field: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Account:
    """One account of the simulated company; ``crm`` is false when Salesforce never had it."""

    index: int
    id: str
    name: str
    domain: str
    segment: str
    employees: int
    industry: str
    region: str
    country: str
    currency: str
    created: int
    arrival: int
    start: int
    csm: str
    mean: float
    story: str = ""
    parent: int | None = None
    crm: bool = True
    billing_key: bool = True
    product_key: bool = True
    support_key: bool = True
    feedback_key: bool = True
    mail_domain: str = ""
    website: str = ""
    prospect: bool = False
    deleted_at: int | None = None
    merged_into: int | None = None
    merged_at: int | None = None
    history: list[Change] = field(default_factory=list)

    def change(self, ts: int, field_name: str, old: str | None, new: str | None) -> None:
        """Record a change of an attribute."""
        self.history.append(Change(ts, field_name, old, new))


def account_id(index: int) -> str:
    """Salesforce id of the n-th account."""
    return salesforce("account", index + 1)


def csm_id(number: int) -> str:
    """Salesforce id of a customer success manager."""
    return salesforce("user", 100 + number)


def first_cohort(scale: float) -> int:
    """Accounts that are there when the demo begins; from scale 0.1 on enough for every story."""
    least = STORIES if scale >= 0.1 else 1
    return max(least, round(FIRST_COHORT * scale))


def arrivals(month: int, scale: float) -> range:
    """Indexes of the accounts that arrive in a month."""
    first = first_cohort(scale)
    if month == 0:
        return range(first)
    before = first + int(PER_MONTH * scale * (month - 1))
    return range(before, first + int(PER_MONTH * scale * month))


def count(months: int, scale: float) -> int:
    """Accounts that have arrived before the end of the last of so many months."""
    return arrivals(months - 1, scale).stop


def arrival_month(index: int, scale: float) -> int:
    """The month in which an account arrives."""
    first = first_cohort(scale)
    if index < first:
        return 0
    month = max(1, int((index - first) / (PER_MONTH * scale)))
    while index >= arrivals(month, scale).stop:
        month += 1
    return month


def csm_count(scale: float) -> int:
    """Customer success managers; fixed for a scale."""
    return max(4, round(9 * scale))


def make(index: int, *, seed: int, scale: float, story: str) -> Account:
    """The n-th account as it is when it arrives."""
    rng = stream(seed, "account", index)
    month = arrival_month(index, scale)
    name, domain = names.company(index)
    draw = rng.random()
    size = 0 if draw < 0.58 else 1 if draw < 0.89 else 2
    low, high = ((8, 90), (100, 900), (1_000, 9_000))[size]
    employees = int(low * (high / low) ** rng.random())
    region, country, currency = _place(rng.random())
    spot = month_start(month) + int(rng.random() * 28) * DAY + 8 * HOUR + int(rng.random() * 28_800)
    lead = int((10 + rng.random() * 45) * DAY)
    # The first cohort was in the CRM before the demo begins; whoever comes later enters it in the
    # month of arrival and signs some weeks afterwards.
    start = spot + lead if month else spot
    prospect = not story and rng.random() < 0.05
    csm = int(rng.random() * csm_count(scale))
    if csm == LEAVER and start - lead > LEAVES - 20 * DAY:
        csm += 1
    return Account(
        index=index,
        id=account_id(index),
        name=name,
        domain=domain,
        segment=SEGMENTS[size],
        employees=employees,
        industry=INDUSTRIES[int(rng.random() * len(INDUSTRIES))],
        region=region,
        country=country,
        currency=currency,
        created=start - lead,
        arrival=month,
        start=start,
        csm=csm_id(csm),
        mean=rng.gauss((0.15, 0.25, 0.35)[size], 0.7),
        story=story,
        prospect=prospect,
        mail_domain=domain,
        website=("https://www." if rng.random() < 0.6 else "") + domain,
        product_key=rng.random() > 0.04,
        support_key=rng.random() > 0.05,
        feedback_key=rng.random() > 0.08,
    )


def _place(draw: float) -> tuple[str, str, str]:
    total = 0.0
    for region, country, currency, weight in PLACES:
        total += weight
        if draw < total:
            return region, country, currency
    return PLACES[0][:3]
