"""What is known of an address without asking anybody: country and autonomous system, from files on this machine.

`ranges` holds the table and the look-up, `fileformat` reads and writes the compact file, `sources` reads what others
publish, `store` decides which file this instance uses. docs/enrichment.md describes format, licence and updating.
"""
