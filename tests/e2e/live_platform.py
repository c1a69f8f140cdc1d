"""A campaign whose progress a test steers by hand, served for real: `crowdsft serve` over a folder, without a worker.

`python -m tests.e2e.live_platform FOLDER` makes the campaign, then does one command a line and answers "done".
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "Joy in comments"


class Steered:
    """The process that writes to the platform's database as workers and contributors would."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, *words: object) -> str:
        """Have one command done, and return what it says."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(*words, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().strip()
        assert answer, "the steering process ended; its error stands above"
        return answer


@contextmanager
def steered(folder: Path) -> Iterator[Steered]:
    """Make the campaign in `folder`, and stop the process at the end."""
    command = [sys.executable, "-m", "tests.e2e.live_platform", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            found = Steered(process)
            found.do("ready")
            yield found
        finally:
            process.stdin.close()


def main(folder: Path) -> None:
    """Do what the lines of the standard input say."""
    from crowdsft.web.configure import configure, migrate

    configure(folder)
    migrate()
    from django.conf import settings
    from django.test import Client

    from crowdsft.web.accounts.models import User
    from crowdsft.web.campaigns.models import Step
    from tests.web.pages.campaign_builder import CampaignBuilder

    people = {
        name: User.objects.create_user(username=name, password=f"{name} has a long password")
        for name in ("alice", "bob")
    }
    builder = CampaignBuilder.start(
        owner=people["alice"], people=[people["bob"]], rounds={"count": 3, "groups": 3, "close": "manual"}
    )
    builder.open()
    for line in sys.stdin:
        answer = "done"
        match line.split():
            case ["contribute", count]:
                builder.contribute([0, *[1] * int(count)])
            case ["train"]:
                builder.close().at_work("training group 1, step 1 of 36", 0.0)
            case ["parts", *parts]:
                shares = [float(part) for part in parts]
                Step.objects.filter(campaign=builder.campaign).update(
                    parts=shares, progress=sum(shares) / len(shares)
                )
            case ["decide"]:
                Step.objects.filter(campaign=builder.campaign).update(worker="", lease_until=0.0)
                builder.decide(0.62, [0.6, 0.5, 0.55])
            case ["open"]:
                builder.open()
            case ["session", name]:
                client = Client()
                client.force_login(people[name], "django.contrib.auth.backends.ModelBackend")
                answer = client.cookies[settings.SESSION_COOKIE_NAME].value
            case _:
                pass
        print(answer, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
