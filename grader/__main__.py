"""``python -m grader``, and the command ``grader``: the command line."""

import sys

#: What the command line imports of other projects: the extra `course` brings it.
NEEDED = {"click", "rich", "markdown_it", "watchfiles"}


def main() -> None:
    """Run the command line; where only the plugin for pytest was installed, say what is missing."""
    try:
        from grader import cli
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.exit(
            f'grader: {error.name} is missing: the course needs the extra `course`: pip install "WHEEL[course]", with the wheel '
            "file for WHEEL, or pip install '.[course]' in the checkout; @pytest.mark.explore works without"
        )
    cli.main()


if __name__ == "__main__":
    main()
