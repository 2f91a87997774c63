"""Groups of faults, a module each with ``figures(workplace, quick)``; ``faults.py`` runs them."""
