"""The back-test against other routes: scikit-learn for the AUC, pandas for the shares."""

import duckdb
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def metric(warehouse):
    def value(snapshot_type: str, name: str, segment_type: str = "total", segment: str = "all"):
        found = warehouse.execute(
            "select value, ci_low, ci_high from marts.mart_health_backtest where snapshot_type = ? "
            "and metric = ? and segment_type = ? and segment_value = ?",
            [snapshot_type, name, segment_type, segment],
        ).fetchone()
        assert found is not None
        return found

    return value


@pytest.fixture(scope="module")
def snapshots(warehouse):
    return warehouse.execute(
        "select * from facts.fct_health_snapshot where is_churned is not null"
    ).df()


@pytest.mark.parametrize("snapshot_type", ["month_end", "renewal_90d"])
def test_auc_is_that_of_scikit_learn(snapshots, metric, snapshot_type):
    rated = snapshots[(snapshots.snapshot_type == snapshot_type) & (snapshots.band != "unknown")]
    expected = roc_auc_score(rated.is_churned, -rated.score)
    assert metric(snapshot_type, "auc")[0] == pytest.approx(expected, abs=1e-9)


def test_auc_of_a_segment_is_that_of_scikit_learn(snapshots, metric):
    rated = snapshots[
        (snapshots.snapshot_type == "month_end")
        & (snapshots.band != "unknown")
        & (snapshots.segment == "SMB")
    ]
    expected = roc_auc_score(rated.is_churned, -rated.score)
    assert metric("month_end", "auc", "segment", "SMB")[0] == pytest.approx(expected, abs=1e-9)


def test_model_and_score_are_compared_on_the_same_snapshots(warehouse, metric):
    rated = warehouse.execute(
        "select s.is_churned, s.score, p.probability, p.trained_on, s.snapshot_on "
        "from facts.fct_health_snapshot as s join facts.fct_churn_risk_prediction as p "
        "using (account_id, snapshot_on) "
        "where s.snapshot_type = 'month_end' and s.band <> 'unknown'"
    ).df()
    assert (rated.trained_on <= rated.snapshot_on).all()
    score, model = (
        roc_auc_score(rated.is_churned, risk) for risk in (-rated.score, rated.probability)
    )
    assert metric("month_end", "auc_test")[0] == pytest.approx(score, abs=1e-9)
    assert metric("month_end", "model_auc_test")[0] == pytest.approx(model, abs=1e-6)
    brier = brier_score_loss(rated.is_churned, rated.probability)
    assert metric("month_end", "model_brier_test")[0] == pytest.approx(brier, abs=1e-6)


@pytest.mark.parametrize("band", ["red", "yellow", "green"])
def test_churn_rate_of_a_band_is_a_mean(snapshots, metric, band):
    chosen = snapshots[(snapshots.snapshot_type == "month_end") & (snapshots.band == band)]
    assert metric("month_end", f"churn_rate_{band}")[0] == pytest.approx(chosen.is_churned.mean())


def test_the_score_separates_later_churners(metric):
    """The demo's customers leave for reasons that show before: a score that helps must see them."""
    for snapshot_type in ("month_end", "renewal_90d"):
        value, low, high = metric(snapshot_type, "auc")
        assert low < value < high
        assert low > 0.65
    rates = [metric("month_end", f"churn_rate_{band}")[0] for band in ("green", "yellow", "red")]
    assert rates == sorted(rates)
    brier, reference = (metric("month_end", name)[0] for name in ("brier", "brier_reference"))
    assert brier < reference


def test_points_lost_add_up_to_the_score(warehouse):
    unlike = warehouse.execute(
        "select s.account_id, s.score, 100 - sum(c.points_lost) as explained "
        "from marts.mart_health_score as s "
        "join marts.mart_health_components as c using (account_id) "
        "where s.score is not null group by s.account_id, s.score "
        "having abs(s.score - explained) > 1e-6"
    ).fetchall()
    assert not unlike
