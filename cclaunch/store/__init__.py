"""The database of the embedded collector: schema, writing, reading, retention."""
