"""The flip matrix: what the connector does when one belief about Hotmart is turned around.

Each side of a belief in the simulator's register that is not the default is tried with one fixed history, and what
arrived is compared with what Hotmart holds, row by row. `known.yaml` lists the sides that lose rows today.
"""
