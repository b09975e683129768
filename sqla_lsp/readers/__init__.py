"""From code to facts: what one file declares about revisions and environments, free of every other file."""
