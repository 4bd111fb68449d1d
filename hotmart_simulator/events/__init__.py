"""Events and their tickets (hotmart-api.md 4.18)."""
