"""A tiny dbt project and a folder of files to load, for the tests of the run."""

from collections.abc import Callable, Mapping
from pathlib import Path

TINY_PROJECT = Path(__file__).parent / "tiny_project"
Deliver = Callable[[Mapping[str, object]], Path]


def write_files(folder: Path, prices: Mapping[str, object]) -> Path:
    """Write accounts with one subscription and one item each; no price, no subscription."""
    folder.mkdir(exist_ok=True)
    accounts = ["account_id,account_name"]
    subscriptions = ["subscription_id,account_id,status,started_at"]
    items = [
        "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval"
    ]
    for account, price in prices.items():
        accounts.append(f"{account},Account {account}")
        if price is not None:
            subscriptions.append(f"{account},{account},active,2025-01-01T00:00:00Z")
            items.append(f"i_{account},{account},2025-01-01,1,{price},year")
    for name, lines in (
        ("accounts.csv", accounts),
        ("subscriptions.csv", subscriptions),
        ("subscription_items.csv", items),
    ):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
