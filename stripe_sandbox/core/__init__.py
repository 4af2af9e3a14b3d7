"""What every part of the sandbox stands on: contract, store, requests, events, time."""
