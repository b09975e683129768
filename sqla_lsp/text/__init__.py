"""Positions, ranges, edits and ignore comments. It knows no Python and no LSP."""
