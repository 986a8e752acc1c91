"""Files of ours and of the person's: written whole or not at all."""
