"""What an author uses: a new module, its proof, the bundles."""
