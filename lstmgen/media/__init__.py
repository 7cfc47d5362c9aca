"""Media: what can be learned. A medium turns sources into material, items into ids, and ids back into items; `base.py` is the contract."""
