"""Learning to assess and to steer: needs torch, and is never imported by a band that plays.

`material` cuts phrases from a corpus, `simulation` lets a network play many at once (`played`,
`locking`), `assessing` trains the assessor's network. `directions` are the ways to turn a hidden
state, `told` what they are told meanwhile, `leading` plays along them. `school` is what all lessons
share, `training` ours, `straight` and `style` the published ones; `making` makes what is shipped,
`measuring` and `arms` say what each way does.
"""
