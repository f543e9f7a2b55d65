"""Warning lists: values that are known and mostly harmless; one file for each list, registered by being here."""

from iocmarket.indicators.warninglists.base import Severity, WarningList, warning_lists

__all__ = ["Severity", "WarningList", "warning_lists"]
