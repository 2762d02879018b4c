"""What only this field knows: network cards, placement, capacity, devices."""
