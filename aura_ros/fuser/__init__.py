"""Chunks in, one smooth motion out: propose, wait for the verdict, commit, command."""
