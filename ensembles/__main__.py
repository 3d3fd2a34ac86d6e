"""`python -m ensembles` is `musebots`, for where the script is not on the PATH."""

from ensembles.cli import main

if __name__ == "__main__":
    main()
