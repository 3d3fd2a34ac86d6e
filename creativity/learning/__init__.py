"""Learning to assess and to steer: needs torch, and is never imported by a band that plays.

`material` cuts phrases from a corpus, `simulation` lets a network play many at once, `assessing`
trains the assessor's network, `directions` the ways to turn a hidden state, `training` puts it
together.
"""
