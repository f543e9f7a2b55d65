"""How gunicorn listens, in both shapes (`--config python:iocmarket.webserver`): what it takes, and whom it believes.

Limits, trust, the log and what workers share are here; their number and addresses are the supervisor's and the image's.
"""

# Loaded once, before the workers are made, which share its memory (wsgi.py).
preload_app = True

# A request line: the longest search is 2 000 characters, which percent-encoding trebles.
limit_request_line = 8190
# Headers: the token, the cookies, what proxies add; bytes of each.
limit_request_fields = 64
limit_request_field_size = 8190
# Believed of nobody: Django decides about X-Forwarded-Proto by TRUSTED_PROXIES (web/middleware/proxies.py), and a
# header SCRIPT_NAME or PATH_INFO would move our own addresses.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# `X_Forwarded_For` would become the same variable as `X-Forwarded-For`.
header_map = "drop"
# Its lines hold no secret (supervisor/weblog.py).
logger_class = "iocmarket.supervisor.weblog.RedactingLogger"
# A worker that leaks is replaced before it matters.
max_requests = 100_000
max_requests_jitter = 10_000
