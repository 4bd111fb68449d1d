"""Subscriptions, their charges and the four endpoints that show them (hotmart-api.md 4.6 to 4.9)."""
