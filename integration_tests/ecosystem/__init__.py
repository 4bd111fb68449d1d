"""The connector inside what its users run it in, each in tests of an environment of their own (make test-ecosystem)."""
