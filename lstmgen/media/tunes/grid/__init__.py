"""The `grid` tokenizer: what sounds in each step."""
