"""What learns: ids and a state in, logits and the next state out. Knows torch and nothing of text."""
