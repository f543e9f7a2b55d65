"""Commands of the shell: catalogues of translations."""
