"""The demonstration district: eight invented years, planned from a seed and played through the real commands."""
