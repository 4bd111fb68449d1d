"""What only a real account can tell: read-only calls that answer the open questions about Hotmart's API.

`make live`. At most `MAX_CALLS` calls, GET but for the login; nothing personal and no secret is printed.
"""
