"""The ways in: HTTP, pages and commands. `wiring` is the one module that knows all others."""
