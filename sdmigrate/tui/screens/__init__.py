"""The wizard's screens: start, the steps, the end."""
