"""The process of a run: fork server, child, walls, channel, and the player of plans."""
