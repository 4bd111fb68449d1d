"""Coupons (hotmart-api.md 4.17)."""
