"""The homes the check runs on: the demo company, and one that brings files."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from mutation.project import ProjectError
from orchestration.home import Home, claim
from orchestration.loads import LoadRequest, load, write_settings

ROOT = Path(__file__).parents[1]
SCALE = "0.1"
UNIT_TESTS = ["dbt", "--", "test", "--select", "test_type:unit"]
# Where models are that the demo company has not, because no system of it speaks in files.
FILES_FOLDERS = ("+path:models/intermediate/billing", "+path:models/intermediate/identity")
FILES = {
    "accounts": "account_id,account_name\na,Acme\nb,Beta\n",
    "subscriptions": "subscription_id,account_id,status,started_at\ns1,a,active,2024-03-01\n",
    "subscription_items": "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,"
    "billing_interval\ni1,s1,2024-03-01,10,20,month\n",
}
FILES_AS_OF = date(2025, 6, 30)


def demo_home(folder: Path) -> Path:
    """A small demo company, with the unit tests as dbt ran them."""
    home = folder / "home"
    print(f"Refreshing a demo company of scale {SCALE} …", flush=True)
    # A new home takes the code as tested and leaves its unit tests out; here they are asked for.
    _csw(home, ["refresh", "--scale", SCALE])
    _csw(home, UNIT_TESTS)
    return home


def files_home(folder: Path) -> Path:
    """The smallest company of files, only as far as the models that read files are built.

    Its rows tell nothing; it is there for dbt to compile these models and to run their unit tests.
    """
    print("Building a company of files …", flush=True)
    drop = folder / "drop"
    drop.mkdir()
    for name, text in FILES.items():
        (drop / f"{name}.csv").write_text(text, encoding="utf-8")
    home = Home(folder / "files")
    claim(home, source=drop)
    load(
        LoadRequest(
            source="files",
            folder=drop,
            warehouse=home.warehouse,
            run_id="mutation",
            as_of=FILES_AS_OF,
            pipelines_dir=home.dlt,
        )
    )
    settings = {"as_of_date": str(FILES_AS_OF), "run_id": "mutation", "company": "files"}
    write_settings(home.warehouse, settings)
    # Tests that read what is not built are left out.
    select = ["--indirect-selection", "cautious", "--select", *FILES_FOLDERS]
    _csw(home.path, ["dbt", "--", "build", *select])
    return home.path


def _csw(home: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *command],
        cwd=ROOT,
        env={**os.environ, "CSW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProjectError(done.stdout[-3000:] + done.stderr[-3000:])
