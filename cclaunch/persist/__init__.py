"""The block in a person's own files: made, put in, taken out again to the byte."""
