"""What could be allowed instead of a plan that is refused: slower, kept inside, or another draw."""
