"""The assessor: how creative a phrase is, as novelty times value, and what listeners say of it.

`musebots.novelty` says how unexpected a phrase is, `worth` whether it is still music,
`score` makes S of both, `network` predicts S, `ratings` keeps what people said, `preferences`
learns from it and says how far that is to be trusted, `taste` is what comes of it. Numpy alone.
"""
