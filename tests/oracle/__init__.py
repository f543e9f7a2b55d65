"""Random worlds against the rules written once more: what the program publishes and answers, whatever people do."""
