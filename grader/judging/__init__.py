"""From a submitted file to its report."""
