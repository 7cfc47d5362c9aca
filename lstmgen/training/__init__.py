"""From token ids to a trained network: streams, optimiser, validation, and the loop that ties them together."""
