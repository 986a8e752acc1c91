"""The page: a process of its own that shows what the ledger answers, to one person's browser on this machine."""
