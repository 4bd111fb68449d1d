"""Sales and the five endpoints that show them (hotmart-api.md 4.0 to 4.5)."""
