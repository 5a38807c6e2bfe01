"""Stored bytes of every fact, a file for each release that brought new ones."""
