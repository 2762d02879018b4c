"""What runs is known by its digest and comes from our own registries."""
