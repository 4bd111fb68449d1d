"""Generate pages of `docs/` from the classes, schemas and other documents: `make docs`."""
