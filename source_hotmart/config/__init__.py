"""The settings of the form, and the hosts that the environment sets."""
