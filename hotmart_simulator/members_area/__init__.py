"""Members areas: students, modules, pages and lessons (hotmart-api.md 4.13 to 4.16)."""
