"""The `performance` tokenizer: keys down and up, and time that passes."""
