"""Private PostgreSQL and Redis, so that nothing need be installed or configured to run the program.

Used when DATABASE_URL or REDIS_URL is unset. Works without Django. `urls` says where the services of a DATA_DIR are,
whether they run or not; `start` makes sure that they run, and stops at the end only those it started itself.
"""

from iocmarket.embedded.errors import EmbeddedError
from iocmarket.embedded.services import Services, ServiceUrls, start, stop, urls

__all__ = ["EmbeddedError", "ServiceUrls", "Services", "start", "stop", "urls"]
