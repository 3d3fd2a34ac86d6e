"""Datagrams between machines: authenticated, in order, and sent again when they were lost.

`sealing` says what a datagram looks like and refuses forged and repeated ones; `stream` is what is
sent again and put in order; `network` puts both below a `musebots.network.Network`, so that agents
and the Director do not know of it.
"""
