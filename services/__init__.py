"""What people may ask: use cases, and the pure folds behind the read models. `ports` says in words what they need from outside."""
