"""The `notes` tokenizer: one event for each fact of a note."""
