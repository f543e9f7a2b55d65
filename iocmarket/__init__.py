"""IOC market: the community and the core that the upper houses stand on."""

from iocmarket.celery import app as celery_app

__all__ = ["celery_app"]
