"""Check that the connector can be released: one version everywhere, and packages that install and run on their own."""
