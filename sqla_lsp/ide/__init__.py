"""Answers for editors in paths and offsets, without LSP types."""
