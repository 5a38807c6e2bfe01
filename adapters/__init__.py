"""One module for each outside thing; each keeps promises of `services.ports` and translates its technology's errors."""
