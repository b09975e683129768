"""What an editor shows beside findings: hovers, lenses and hints over a migration, in paths and byte offsets, without LSP."""
