"""The world of a scene, the scripts of its actors, and the learner's module in it."""
