"""Networks that predict whole frames of a piano-roll: the yardstick by which trainers are compared.

The public benchmark of Boulanger-Lewandowski et al. (ICML 2012) asks for the probability of the
next frame of a piano-roll, of all of its keys at once. It measures our cell and our trainer on the
data that others have published figures for; no musebot plays from it.
"""
