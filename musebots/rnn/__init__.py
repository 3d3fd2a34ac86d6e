"""The recurrent generators: what they read, how they step, what they play.

`vocabulary` and `features` say what goes in and out, `stepper` and `sampling` play it with numpy
alone, `checkpoint` keeps it, `generator` is what a musebot holds. `model` is the same network for
training and needs torch; nothing else here does.
"""
