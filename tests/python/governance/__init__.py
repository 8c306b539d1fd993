"""Rules of the project's layers, read from the dbt manifest."""
