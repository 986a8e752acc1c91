"""
What a launch and the cold code share: paths, compiled files, the environment's rules, the way into claude.

The problem it owns: every module that a launch loads costs each launch, so this ground is closed. Of ours a file in here
imports only its neighbours, of the standard library only C modules; the cold code may build on it, never the other way.

Hot: it is loaded with what lies in it.
"""
