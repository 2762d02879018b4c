"""From EC2's own answers to the catalogue that `components.hardware` reads."""
