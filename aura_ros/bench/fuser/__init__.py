"""The fuser against published ways of executing chunks, over a star of conditions."""
