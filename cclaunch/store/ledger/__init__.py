"""The ledger: every request once, for ever, and the one way in."""
