"""Golden images: typed recipes, the hash that names what they make, and the EC2 Image Builder resources for it."""
