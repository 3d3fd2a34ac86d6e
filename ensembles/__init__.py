"""Where everything meets: pieces, performances and the command line."""
