"""The live page: a process beside the band that hears what is said and shows it in browsers.

`member` hears the band over OSC and keeps `state`; `lines` carries it to each browser; `controls`
turns what is touched there into OSC messages for the Director, which knows nothing of browsers.
"""
