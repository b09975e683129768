"""Tests of the fixes: pages of files before and after."""
