"""Mutation check: changes the metric SQL in one place at a time and sees which tests notice."""
