"""Constant-size recurrent memory, written only when recall would be wrong."""
