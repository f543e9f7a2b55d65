"""The repository of WMI (`wbem\\Repository`): its objects through its index, or what is left of them. Pure."""
