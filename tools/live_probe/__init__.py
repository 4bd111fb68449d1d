"""The live probe: ask a real account which sides of the register's beliefs hold.

`make live`. It makes at most `MAX_CALLS` calls, all GET except the login. It prints no secret and no personal
value, and it shares no code with the connector or the simulator, so that it cannot share a mistake with either.
"""
