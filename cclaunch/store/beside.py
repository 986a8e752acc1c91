"""What lies beside the database, by the end of its name: known to whoever looks for it, without what makes it."""

UNSAVED = "-unsaved"
"""What was acknowledged, or received before the end, and could not be committed."""
