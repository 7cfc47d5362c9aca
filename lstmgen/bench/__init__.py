"""How fast this is here, beside stock PyTorch doing the same work, and beside what the machine could do."""
