"""Convert rows to records."""
