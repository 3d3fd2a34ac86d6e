"""Measurements that can be repeated: each experiment is a module, each run writes tables.

An experiment is a module in this package with one function::

    def run(settings: ExperimentSettings) -> ExperimentResult: ...

and one entry in `ensembles.experiments.registry`, which says in a line what is measured, and which
libraries and files of the corpora are needed; both are checked before the module is imported, so
the module itself may import scipy or matplotlib at its top. What it has to keep:

- The same settings give the same tables, to the last digit: all chance comes from
  ``settings.seed``, and a duration belongs into a note, never into a table.
- ``settings.is_quick`` asks for the smallest run that goes through all of the code, in seconds:
  tests and CI use it. Without it the run is of the size that is reported.
- ``settings.corpus(path)`` gives a file of the corpora; ``settings.progress(share, label)`` tells
  how far the run is; ``settings.folder`` is there for files beyond tables and plots (clips).
- A `Table` is a name, a title, columns, and rows of plain values; a `Plot` is a name, a caption and
  a function that draws on a matplotlib figure. Whatever a reader must know to believe a figure
  (sizes, settings, what is counted) goes into ``parameters`` and ``notes``.

`ensembles.experiments.running.run_experiment` writes it all: every table as CSV, all of them as
``tables.json``, plots as PNG, and ``report.md`` with everything, the versions, checkpoints and
conditions included.
"""
