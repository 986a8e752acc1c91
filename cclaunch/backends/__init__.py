"""
The stack stood up: one protocol, and a wing for each way to run it.

The problem it owns: whoever launches, starts or asks does not know what runs the collector. ``every`` makes the backend
that is wanted; only in here are they told apart by name.
"""
