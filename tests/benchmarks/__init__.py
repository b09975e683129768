"""Measurements of speed, as ratios to yardsticks of the same run; never asserted."""
