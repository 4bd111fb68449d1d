"""Products, offers and plans (hotmart-api.md 4.10 to 4.12)."""
