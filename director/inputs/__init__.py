"""What comes in from outside: MIDI."""
