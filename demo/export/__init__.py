"""What each vendor would export: one module per vendor, rows as of a moment."""
