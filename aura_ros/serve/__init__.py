"""Policies behind a websocket, each in the environment of its own that it needs."""
