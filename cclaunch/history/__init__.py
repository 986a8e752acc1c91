"""The history that claude keeps itself: its transcripts, taken into the ledger by a process of low priority, or by a verb."""
