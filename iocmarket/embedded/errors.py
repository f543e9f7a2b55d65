"""The one exception of this package, so that a caller can print its sentence and stop."""


class EmbeddedError(RuntimeError):
    """A private service cannot be found, made or reached; the message says what the operator can do."""
