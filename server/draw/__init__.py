"""Drawings: rows in, SVG out. Nothing here asks the graph, and nothing decides what is drawn."""
