"""Seconds, memory and ratios of every stage, against floors measured in the same run."""
