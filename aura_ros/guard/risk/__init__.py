"""What a run of turns says that no single turn does, and the calibration that it is held to."""
