"""Answers for agents: the metrics by their names, each with what to know before quoting it."""
