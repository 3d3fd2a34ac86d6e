"""The format of a piece: what its TOML may say, and how a mistake in it is told."""
