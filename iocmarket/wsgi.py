"""The WSGI application that gunicorn serves.

gunicorn loads it before it makes its workers, which share the memory of what was loaded: the garbage collector passes
that over from then on, since looking through it would write into every page.
"""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iocmarket.settings.dev")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # imports every view, which the first request of each worker would do
gc.collect()
gc.freeze()
