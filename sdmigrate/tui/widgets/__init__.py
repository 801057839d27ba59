"""The wizard's own widgets, one a file. They draw what they are handed and decide nothing."""
