"""What can be learned: a medium turns sources into material, material into ids, and ids back."""
