"""The frozen policy: backends, when to ask them, and the state they are asked about."""
