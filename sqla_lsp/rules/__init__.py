"""One module per rule, and their registry. No rule reads a file."""
