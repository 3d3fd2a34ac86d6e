"""Musebots that others wrote since 2015: their folders, their ensemble files, how they are run."""
