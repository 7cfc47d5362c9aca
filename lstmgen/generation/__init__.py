"""From a trained network to new text: filters, one draw after the other, prompts, stops and streams."""
