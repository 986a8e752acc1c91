"""What a process of ours that stays and listens is made of: how it is started, known and held, and who gets in."""
