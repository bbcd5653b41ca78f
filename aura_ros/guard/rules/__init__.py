"""Rules and limits: which checks are on, with which options, and what their failing means."""
