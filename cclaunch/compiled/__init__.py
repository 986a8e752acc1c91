"""
What a launch reads, worked out: the plan, the place, the claims of claude's settings files.
"""
