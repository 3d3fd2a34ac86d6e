"""Playing together with other clocks: who leads, and how the band keeps with them."""
