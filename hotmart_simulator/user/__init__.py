"""The account itself (hotmart-api.md 4.19)."""
