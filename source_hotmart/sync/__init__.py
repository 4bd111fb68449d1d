"""One sync: threads, progress and report."""
