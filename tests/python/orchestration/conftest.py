"""Fixtures for the tests of the run: a tiny dbt project and a folder of files to load."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

TINY_PROJECT = Path(__file__).parent / "tiny_project"
Deliver = Callable[..., Path]


@pytest.fixture
def tiny_project(tmp_path: Path) -> Path:
    """A dbt project of one model per layer; a test may change it."""
    folder = tmp_path / "tiny project"
    shutil.copytree(TINY_PROJECT, folder)
    return folder


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Write a folder of files: accounts with one subscription and one item each."""

    def write(prices: dict[str, object], name: str = "acme files") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        lines = {
            "accounts.csv": ["account_id,account_name"],
            "subscriptions.csv": ["subscription_id,account_id,status,started_at"],
            "subscription_items.csv": [
                "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,"
                "billing_interval"
            ],
        }
        for account, price in prices.items():
            lines["accounts.csv"].append(f"{account},Account {account}")
            lines["subscriptions.csv"].append(f"{account},{account},active,2025-01-01T00:00:00Z")
            lines["subscription_items.csv"].append(
                f"i_{account},{account},2025-01-01,1,{price},year"
            )
        for file, content in lines.items():
            (folder / file).write_text("\n".join(content) + "\n")
        return folder

    return write
