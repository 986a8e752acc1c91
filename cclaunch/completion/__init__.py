"""
Completions: the scripts of ``completions/``, generated from the click tree.

At TAB nothing of ours may run: a Python would cost 70 ms at each, and a launcher that executes itself while somebody types
is a hole. So the scripts are written once by ``python -m cclaunch.completion``, committed, and hold everything: verbs,
options, values. Only the names of profiles change; a shell reads them from one plain file with its own builtins.
"""
