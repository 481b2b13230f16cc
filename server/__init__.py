"""The graph over HTTP: a SPARQL endpoint, and pages that lead from every answer to its words."""
