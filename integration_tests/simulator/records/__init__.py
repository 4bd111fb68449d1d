"""Records as the API sends them, one function per endpoint; optional fields are absent now and then."""
