"""One file an endpoint or page family: `bp`, a Flask blueprint that `create_app` finds."""
