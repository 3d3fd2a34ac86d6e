"""How unexpected music is to one who knows a style and has heard these bars: no bot plays from it.

`phrases` holds what is heard, `contexts` says what each step is predicted from, `model` counts and
tells, `fitting` makes a model of a corpus, `files` keeps it; `following` and `expecting` tell a bot
that is steered, step by step. Numpy alone.
"""
