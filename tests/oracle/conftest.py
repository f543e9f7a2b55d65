"""Failed comparisons in the modules beside this one say what was compared."""

import pytest

pytest.register_assert_rewrite("tests.oracle.acts", "tests.oracle.checks", "tests.oracle.exits", "tests.oracle.readers")
