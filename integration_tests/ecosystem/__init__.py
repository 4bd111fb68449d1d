"""The connector inside the tools of its users. Each has tests in its own environment (make test-ecosystem)."""
