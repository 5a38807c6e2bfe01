"""What people may ask: use cases, and the pure folds behind the read models. `ports`: what they need."""
