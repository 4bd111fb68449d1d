"""The flip matrix: how the connector behaves when an assumption about Hotmart is wrong.

The simulator's register lists the assumptions ("beliefs"), each with two or more sides. The matrix tries every side
but the default with one fixed history, and compares the rows that arrived with Hotmart's rows. `known.yaml` lists the
sides that lose rows today.
"""
