"""Locks: what each statement takes, on which relations, and who waits for it."""
