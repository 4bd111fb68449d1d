"""Parts that every resource of the simulator shares: vocabulary, people, and repeatable random numbers."""
