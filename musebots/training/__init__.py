"""From recorded music to a checkpoint; needs torch (and mido for MIDI files).

`corpora` and `midi` read music into `Piece`s, `encode` turns them into what a network hears and
says, `train` fits it and `evaluate` measures it. Nothing that plays imports this.
"""
