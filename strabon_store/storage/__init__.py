"""The store's own tables: dictionary, quads and geometries, and how they are filled."""
