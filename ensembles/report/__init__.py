"""A page that shows what the monitor heard: notes, activations, scores, flags."""
