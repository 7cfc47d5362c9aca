"""Generated tasks that tell cells apart, each within a minute: what the literature says of them, by measurement."""
