"""The shells: their files, their quoting, which of them this is."""
