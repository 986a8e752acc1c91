"""Reports: what the ledger answers, as values that the terminal and the page show alike."""
