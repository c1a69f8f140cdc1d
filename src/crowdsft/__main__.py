"""`python -m crowdsft` is the command `crowdsft`."""

from crowdsft.cli import main

if __name__ == "__main__":
    main()
