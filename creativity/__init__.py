"""Creativity: who listens for the unexpected (the monitor and the fader are built on this)."""
