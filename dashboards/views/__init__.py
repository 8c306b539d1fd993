"""One view each: from the published tables to a title, figures, a chart or a table."""
