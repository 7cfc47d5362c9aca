"""`python -m lstmgen`."""

from lstmgen.cli import main

if __name__ == "__main__":
    main()
