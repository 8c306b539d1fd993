"""The Python tests that recompute a mart by another route, on a changed warehouse."""

from collections.abc import Callable, Iterator
from importlib import import_module

import duckdb

LIFETIMES = "from facts.fct_account_lifetime"
SURVIVAL, LIFETIME = "tests.python.revenue.test_survival", "tests.python.revenue.test_lifetime"
# Table -> tests that read it: module, function, whether they want the lifetimes too.
TESTS: dict[str, list[tuple[str, str, bool]]] = {
    "mart_survival": [(SURVIVAL, "test_kaplan_meier_equals_scipy_in_every_segment", True)],
    "mart_lifetime_fit": [(SURVIVAL, "test_lifetime_fit_is_the_maximum_of_the_likelihood", True)],
    "mart_lifetime": [
        (SURVIVAL, "test_residual_lifetime_is_the_discounted_sum", False),
        (LIFETIME, "test_lifetime_value_is_the_sum_over_the_customers_of_today", True),
    ],
    "mart_lifetime_projection": [
        (LIFETIME, "test_projection_is_the_product_of_the_yearly_retention", False)
    ],
}


def failing(connection: duckdb.DuckDBPyConnection, tables: set[str]) -> Iterator[str]:
    """The tests that fail on the tables as they are now."""
    for table in sorted(tables & set(TESTS)):
        for module, name, wants_lifetimes in TESTS[table]:
            test: Callable[..., None] = getattr(import_module(module), name)
            given = [connection.execute(LIFETIMES).df()] if wants_lifetimes else []
            try:
                test(connection, *given)
            except (AssertionError, KeyError, ValueError):
                yield f"pytest: {name}"
