"""The programs of this repository: demo, benchmarks, live probe, documents, release, image test and QA."""
