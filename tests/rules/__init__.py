"""Tests of the rules: pages of small migrations that say themselves what is found in them."""
