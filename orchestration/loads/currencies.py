"""Currency codes: of ISO 4217, and those whose amounts in Stripe's API can be read."""

import csv
from functools import lru_cache

from orchestration.project import project_root

# The last line: codes withdrawn since 2021, which old contracts still carry.
_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP
GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD
TZS UAH UGX USD UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
HRK ZWL SLL CUC
"""

ISO_4217 = frozenset(_CODES.split())


@lru_cache(maxsize=1)
def stripe_currencies() -> frozenset[str]:
    """Currencies of the seed that says how many decimals an amount has in Stripe's API."""
    seed = project_root() / "seeds" / "currency_minor_units.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        return frozenset(row["currency"] for row in csv.DictReader(file))
