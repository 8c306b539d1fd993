"""Names of companies and people, put together from lists."""

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words("""
    Ada Alba Alice Amir Ana Anil Anke Arjun Astrid Ben Bo Carla Chen Chloe Clara Dana David
    Diego Elena Eli Emma Erik Eva Farah Felix Fiona Gina Goran Grace Hana Hugo Ida Igor Ines
    Iris Ivan Jack Jana Jin Jonas Julia Kai Karin Kenji Lara Lea Leo Lina Luca Maja Marc
    Maria Mei Mia Milan Nadia Nils Nina Noah Nora Olga Omar Oscar Paula Petra Pia Priya
    Rafael Ravi Rosa Ruth Sam Sara Sofia Sven Tara Theo Tim Tina Tom Uma Vera Victor Yara
    Yuki Zoe
""")
LAST = _words("""
    Abe Adler Ahmed Almeida Andersson Bauer Becker Berg Bianchi Brown Carter Castro Chen
    Cohen Costa Cruz Dahl Davis Diaz Dubois Evans Fischer Foster Fuchs Garcia Gomez Green
    Haas Hansen Harris Hill Ito Jensen Johnson Jones Kato Keller Khan Kim King Klein Kovacs
    Kumar Lang Lee Lopez Martin Mason Meyer Miller Moore Mori Moser Nguyen Novak Olsen Ortiz
    Park Patel Perez Peters Petrov Quinn Ramos Reed Ricci Roth Rossi Ruiz Sato Schmid Silva
    Singh Smith Stein Suzuki Tanaka Taylor Torres Ueda Vega Vogel Wagner Walker Wang Weber
    White Wolf Wright Yang Young Zhang Zimmer
""")
HEAD = _words("""
    Alder Amber Anchor Apex Arbor Argent Atlas Aurora Azure Basalt Beacon Birch Blue Boreal
    Bright Canyon Cedar Cirrus Clear Cobalt Copper Coral Crest Crown Delta Drift East Echo
    Elm Ember Falcon Fern Field Flint Forge Garnet Glade Golden Granite Harbor Hazel Helio
    Heron High Indigo Iron Ivory Jade Juniper Keystone Lake Lark Laurel Linden Lumen Maple
    Marble Meridian Mesa Mistral Noble North Nova Oak Ocean Onyx Opal Orbit Orchid Peak Pine
    Pioneer Polar Prime Quartz Quill Raven Red Ridge River Rowan Sable Sage Sierra Silver
    Slate Solar South Spruce Sterling Stone Summit Swift Terra Thistle Tidal True Umber
    Union Vale Vector Velvet Verde Violet Vista West Willow Winter Zenith Zephyr
""")
TAIL = _words("""
    Analytics Apparel Biotech Capital Care Cargo Clinics Commerce Components Consulting
    Credit Dental Design Devices Digital Dynamics Education Electric Energy Engineering
    Estates Express Finance Foods Freight Games Gear Goods Health Holdings Hotels Imaging
    Industries Insurance Kitchens Labs Legal Living Logistics Lending Machines Marine
    Markets Media Medical Mobility Motors Networks Optics Outdoors Packaging Partners
    Payments Pharma Plastics Power Press Properties Publishing Rail Recruiting Retail
    Robotics Schools Security Services Shipping Software Solutions Sports Studios Supply
    Systems Talent Telecom Textiles Tools Toys Trade Transport Travel Ventures Water
    Wellness Works
""")
TITLES = {
    "champion": ("Head of Operations", "Operations Manager", "Product Owner", "RevOps Lead"),
    "decision_maker": ("COO", "VP Operations", "Director of IT"),
    "sponsor": ("CEO", "CFO", "Chief Digital Officer"),
    "admin": ("Systems Administrator", "IT Manager"),
    "billing": ("Accounts Payable", "Finance Manager"),
    "user": ("Analyst", "Coordinator", "Specialist", "Team Lead"),
}
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com")


def company(number: int) -> tuple[str, str]:
    """Name and domain of the n-th company; no two share a domain."""
    heads, tails = len(HEAD), len(TAIL)
    # Step through all pairs in an order that looks random: the step is prime to their number.
    spot = (number * 4_919 + 137) % (heads * tails)
    again = number // (heads * tails)
    head, tail = HEAD[spot // tails], TAIL[spot % tails]
    extra = str(again + 1) if again else ""
    name = f"{head} {tail}{' ' + extra if extra else ''}"
    return name, f"{head}{tail}{extra}.example".lower()


def person(rng: random.Random) -> tuple[str, str]:
    """First and last name."""
    return FIRST[int(rng.random() * len(FIRST))], LAST[int(rng.random() * len(LAST))]
