"""The live probe: check on a real account which sides of the register's beliefs hold.

Run it with `make live`. It makes at most `MAX_CALLS` calls, all GET except the login. It prints no secret and no
personal value. It shares no code with the connector or the simulator, so that it cannot share a mistake with either.
"""
