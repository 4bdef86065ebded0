"""`python -m laminae`: the command line."""

from laminae.cli.main import main

if __name__ == "__main__":
    main()
