"""Budgets that are kept: which there are, what was spent of them written down, and who is told when one is nearly spent."""
