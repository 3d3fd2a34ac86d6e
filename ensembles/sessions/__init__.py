"""Sessions that are kept: written down as they happen, taken up again, replayed, listed, shown."""
