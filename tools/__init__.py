"""The programs of this repository: demo, benchmarks, probe of a real account, documents, release, image test and QA."""
