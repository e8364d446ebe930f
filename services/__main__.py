"""`python -m services …` is `assay …`, for where the command is not installed."""

from services.cli import main

main()
