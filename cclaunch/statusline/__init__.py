"""
Claude's status line: the row below its prompt.

Hot: it holds nothing.
"""
