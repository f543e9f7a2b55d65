#!/usr/bin/env python
"""Django's command line for IOC market."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iocmarket.settings.dev")
    from django.core.management import execute_from_command_line

    from iocmarket.embedded import EmbeddedError
    from iocmarket.embedded.command import provide_services

    try:
        provide_services(sys.argv)
    except EmbeddedError as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)
