"""The shell of the pages: navigation, components, preferences, error pages, catalogues. It knows no house above it."""
