"""People of an account: contacts in the CRM and users of the product."""

from dataclasses import dataclass, field
from random import Random

from demo import names
from demo.accounts import Account
from demo.clock import DAY, moment_in, month_of, month_start
from demo.streams import stream

ROLES = ("champion", "decision_maker", "sponsor", "admin", "billing")


@dataclass(slots=True)
class Contact:
    """A contact; ``user`` is the number of the product user it is, if any."""

    number: int
    first: str
    last: str
    email: str
    role: str
    title: str
    created: int
    user: int | None = None
    left: int | None = None
    merged_into: int | None = None
    merged_at: int | None = None
    deleted_at: int | None = None


@dataclass(slots=True)
class User:
    """A product user. ``left`` is when the account deactivated it."""

    number: int
    email: str
    name: str
    created: int
    weight: float
    left: int | None = None


@dataclass(slots=True)
class People:
    """Contacts and users of one account, by month."""

    account: Account
    seed: int
    contacts: list[Contact] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    present: list[int] = field(default_factory=list)
    habit: float = 0.6

    def start(self) -> None:
        """The people who buy."""
        rng = stream(self.seed, "people", self.account.index)
        self.habit = 0.5 + 0.22 * rng.random()
        for role in ROLES:
            if role in ("champion", "billing") or rng.random() < 0.65:
                self._contact(rng, role, self.account.created + int(rng.random() * 5 * DAY))

    def _contact(self, rng: Random, role: str, ts: int) -> Contact:
        first, last = names.person(rng)
        titles = names.TITLES[role]
        number = len(self.contacts)
        email = f"{first}.{last}{number}@{self.account.mail_domain}".lower()
        contact = Contact(
            number, first, last, email, role, titles[int(rng.random() * len(titles))], ts
        )
        self.contacts.append(contact)
        return contact

    def champion_left(self, month: int) -> bool:
        """Whether a champion left in a month."""
        return any(
            c.role == "champion" and c.left is not None and month_of(c.left) == month
            for c in self.contacts
        )

    def month(self, month: int, seats: int, latent: float, start: int) -> None:
        """Users join and leave; contacts come and go."""
        rng = stream(self.seed, "staff", self.account.index, month)
        first = month_start(month)
        if not seats:
            return
        opening = max(first, start)
        self._turnover(rng, month, latent)
        share = min(1.25, max(0.15, self.habit + 0.2 * latent + 0.04 * rng.gauss(0, 1)))
        if len(self.present) <= 3:
            share *= 0.7
        target = max(2, round(seats * share))
        gap = target - len(self.present)
        span = max(DAY, month_start(month + 1) - DAY - opening)
        joining = gap if gap < 4 or not self.users else int(gap * 0.6)
        for _ in range(max(0, joining)):
            self._join(rng, opening + int(rng.random() * span))
        for _ in range(max(0, int(-gap * 0.5))):
            self._leave(rng, moment_in(month, rng.random()))

    def _turnover(self, rng: Random, month: int, latent: float) -> None:
        for contact in list(self.contacts):
            rate = 0.011 if contact.role == "champion" else 0.008
            if (
                contact.left is None
                and contact.created < month_start(month)
                and rng.random() < rate
            ):
                contact.left = moment_in(month, rng.random())
                if contact.user is not None and self.users[contact.user].left is None:
                    self.users[contact.user].left = contact.left
                    self.present.remove(contact.user)
                if rng.random() < 0.55 + 0.2 * latent:
                    later = contact.left + int((10 + 50 * rng.random()) * DAY)
                    self._contact(rng, contact.role, later)
        leaving = sum(rng.random() < 0.012 for _ in self.present)
        for _ in range(leaving):
            self._leave(rng, moment_in(month, rng.random()))

    def _join(self, rng: Random, ts: int) -> None:
        number = len(self.users)
        weight = 0.35 + 1.3 * rng.random() ** 2
        known = [
            c
            for c in self.contacts
            if c.user is None
            and c.left is None
            and c.role in ("champion", "admin")
            and c.created <= ts
        ]
        if known:
            contact = known[0]
            contact.user = number
            user = User(number, contact.email, f"{contact.first} {contact.last}", ts, weight + 0.5)
        else:
            first, last = names.person(rng)
            domain = self.account.mail_domain
            if rng.random() < 0.02:
                domain = names.FREE_MAIL[int(rng.random() * len(names.FREE_MAIL))]
            email = f"{first}.{last}.{self.account.index}-{number}@{domain}".lower()
            user = User(number, email, f"{first} {last}", ts, weight)
        self.users.append(user)
        self.present.append(number)

    def _leave(self, rng: Random, ts: int) -> None:
        movable = [n for n in self.present if self.users[n].created < ts]
        if len(movable) > 2:
            number = movable[int(rng.random() * len(movable))]
            self.users[number].left = ts
            self.present.remove(number)
