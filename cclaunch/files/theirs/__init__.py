"""Files that are not ours: looked at, replaced in one step from a kept copy, or refused."""
