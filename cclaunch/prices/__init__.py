"""What a request costs by the list that Claude Code itself has."""
