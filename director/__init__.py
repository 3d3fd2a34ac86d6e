"""The Director: who conducts, relays and mixes."""
