"""
The line to claude: what a launch does from its first word to the exec.

Hot: it is loaded with what lies in it.
"""
