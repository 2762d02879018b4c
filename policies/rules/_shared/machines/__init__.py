"""Launch templates and what stands in them: instance types, images, metadata, interfaces, capacity."""
