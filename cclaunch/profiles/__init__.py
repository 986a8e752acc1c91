"""Profiles: who the work is for, one file each."""
