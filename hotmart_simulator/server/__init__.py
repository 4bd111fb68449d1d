"""HTTP: login, rate limit, parameters, page tokens, routes, and ordered faults."""
