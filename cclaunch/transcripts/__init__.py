"""The transcripts that claude keeps of its sessions, read as a second witness of what was asked of a model."""
