"""Failure prediction with a false-alarm rate that is calibrated."""
