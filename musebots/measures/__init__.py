"""Statistics of symbolic music: what is counted, with the formula and where it comes from. Pure.

A `Part` is one voice on its grid of bars; every measure is a function of parts that returns a
number, or a vector where it says so, and NaN where there is nothing to measure. Numpy alone.

- `pitch`: entropies, range, scale consistency, intervals;
- `rhythm`: density, inter-onset intervals, groove consistency, syncopation, silence;
- `form`: what returns, bar by bar;
- `harmony`: a line against its chords;
- `drums`: hits, polyphony, backbeat;
- `band`: two or three parts together;
- `overlap`: two sets of pieces against each other;
- `copying`: how much of a part is somewhere else, note for note;
- `catalogue`: the measures of one part by name.
"""

from musebots.measures.part import Part

__all__ = ["Part"]
