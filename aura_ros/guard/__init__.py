"""The authorization boundary: nothing moves without a vetted plan and a live lease."""
