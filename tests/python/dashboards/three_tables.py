"""A company of three files, customers, contracts and users, as a young company has them."""

from __future__ import annotations

from pathlib import Path

NAMES = ("Abendrot", "Birkenhof", "Cafe Nord", "Dachwerk", "Elbkontor", "Feldweg")
MAPPING = """
version: 1
company: Six customers
as_of: 2025-06-30
reporting_currency: EUR
files:
  accounts:
    from: customers.csv
    columns: {account_id: no, account_name: name, created_at: since}
  subscriptions:
    from: contracts.csv
    columns:
      subscription_id: contract
      account_id: customer
      status: {sql: "case when until is null then 'active' else 'canceled' end"}
      started_at: since
      ended_at: until
      currency: {value: EUR}
  subscription_items:
    from: contracts.csv
    columns:
      subscription_item_id: contract
      subscription_id: contract
      valid_from: since
      valid_to: until
      quantity: {value: "1"}
      unit_amount: price
      billing_interval: {value: month}
  users:
    from: people.csv
    columns: {user_id: person, account_id: customer, created_at: since}
"""


def write(folder: Path) -> Path:
    """Write the three files and their mapping; the last customer has left."""
    folder.mkdir(parents=True)
    tables = {"customers": ["no,name,since"], "contracts": ["contract,customer,since,until,price"]}
    tables["people"] = ["person,customer,since"]
    for number, name in enumerate(NAMES, start=1):
        since, until = f"2024-0{number}-01", "2025-05-01" if number == len(NAMES) else ""
        tables["customers"].append(f"c{number},{name},{since}")
        tables["contracts"].append(f"k{number},c{number},{since},{until},{number * 100}")
        tables["people"] += [f"p{number}{each},c{number},{since}" for each in "ab"]
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "mapping.yml").write_text(MAPPING, encoding="utf-8")
    return folder
