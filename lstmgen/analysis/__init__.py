"""How well a network predicts a text."""
