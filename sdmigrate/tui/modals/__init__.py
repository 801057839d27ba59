"""Dialogs. Each returns one value, and escape always means the harmless one."""
