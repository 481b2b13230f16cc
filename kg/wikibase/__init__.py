"""The Wikidata-shaped view: what a perspective says, as Wikibase keeps it; and queries for it."""
