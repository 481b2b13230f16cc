"""Why a triple holds: derivations, trees of them, and a checker that knows no engine."""
