"""The command line: arguments, files, and the end of the process."""
