"""Outputs: where the music goes, each behind the same five verbs (`director.outputs.base`)."""
