"""Requests to Hotmart, up to a page of rows or a `HotmartError`."""
