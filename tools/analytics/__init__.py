"""The dbt package as a command, the page about it with its generated parts, and how long a million sales take."""
