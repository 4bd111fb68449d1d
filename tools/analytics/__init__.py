"""The dbt package as a command, the page about it with its generated parts, and the build time for a million sales."""
