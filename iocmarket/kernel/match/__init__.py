"""What a record or a line of text holds that could be an indicator, and what is known of it. Pure, and without Django.

Both directions: `in_record` and `in_text` give the keys of a text, under which a database is asked; `Index` holds
known values and answers for each key. A hunter on a machine uses the same code as the worker.
"""
