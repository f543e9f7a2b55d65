"""The product in Debian's chromium: fixtures in conftest.py, accessibility rules and pictures in eyes.py."""
