"""One file a command: `command`, a click command that reads words, calls kg and prints."""
