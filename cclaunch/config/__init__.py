"""What the person settles (config.toml) and what we remember (state.toml)."""
