"""Ways to execute chunks, ours and those of others, behind one interface."""
