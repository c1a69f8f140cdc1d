"""The work loop of `web_loop` against a Label Studio at a given address, by its own REST API.

The owner of the token makes a project with one wanted answer for each task and imports the tasks; people sign up by
the project's invitation link, and each asks for the next task, thinks, and hands in, with the cookies of a browser.
Counted are the same things: what a person waits for both answers, answers beyond the one that was wanted
(over-answered), answers that were accepted and are not in the export (lost), and processor time where the server runs
on this machine and `--label-studio-process` names its number. The project stays there, to be looked at.

    label-studio start bench --init --username ME@HERE --password SECRET --user-token TOKEN --enable-legacy-api-token
    python benchmarks/web_loop.py --label-studio http://127.0.0.1:8080 --token TOKEN --crowds 8 --think 0 --loops 10
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from web_loop import HEADING, Line, Measured, processor_seconds, timed

LABELS = (
    '<View><Text name="text" value="$text"/>'
    '<TextArea name="response" toName="text" rows="4" maxSubmissions="1"/></View>'
)
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """A running Label Studio, as the owner of `token` reaches it."""

    address: str
    token: str

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """The JSON of an answer.

        Raises:
            SystemExit: with what was answered, when it is no success.
        """
        headers = {"Authorization": f"Token {self.token}"}
        with httpx.Client(
            base_url=self.address, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        ) as client:
            answer = client.request(method, path, **sent)
        if not answer.is_success:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def project(self, tasks: int) -> int:
        """A new project with so many tasks, each of which wants one answer."""
        asked = {
            "title": f"web loop {secrets.token_hex(3)}",
            "label_config": LABELS,
            "maximum_annotations": 1,
        }
        number = int(self.ask("POST", "/api/projects/", json=asked)["id"])
        texts = [{"text": f"How was day {task}?"} for task in range(tasks)]
        brought = self.ask("POST", f"/api/projects/{number}/import", json=texts)
        if brought["task_count"] != tasks:
            raise SystemExit(f"Label Studio took {brought['task_count']} of {tasks} tasks.")
        return number

    def person(self) -> httpx.Cookies:
        """The cookies of somebody who has just signed up by the invitation link."""
        link = self.ask("GET", "/api/invite")["invite_url"]
        with httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            client.get(link)
            form = {
                "csrfmiddlewaretoken": client.cookies["csrftoken"],
                "email": f"{secrets.token_hex(6)}@example.org",
                "password": secrets.token_urlsafe(16),
            }
            answer = client.post(link, data=form, headers={"Referer": f"{self.address}{link}"})
            if "sessionid" not in client.cookies or answer.status_code != 302:
                raise SystemExit(f"Nobody can sign up at {link}: {answer.status_code} {answer.text[:300]}")
            return client.cookies

    def kept(self, project: int) -> list[list[str]]:
        """What was answered to each task, as the project is exported."""
        tasks = self.ask("GET", f"/api/projects/{project}/export", params={"exportType": "JSON"})
        return [
            [
                text
                for answer in task["annotations"]
                for row in answer["result"]
                for text in row["value"]["text"]
            ]
            for task in tasks
        ]


async def work(
    server: LabelStudio, project: int, people: Sequence[httpx.Cookies], *, loops: int, think_seconds: float
) -> Measured:
    """Everybody does at most `loops` tasks, until none is left."""
    measured, chance = Measured(), random.Random(project)

    async def person(number: int, cookies: httpx.Cookies) -> None:
        headers = {"X-CSRFToken": cookies["csrftoken"], "Referer": server.address}
        async with httpx.AsyncClient(
            base_url=server.address,
            cookies=cookies,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        ) as client:
            if think_seconds:
                await asyncio.sleep(chance.uniform(0, think_seconds))
            for turn in range(loops):
                task, first = await timed(measured, client.get(f"/api/projects/{project}/next"))
                if task.status_code == 404:
                    return  # nothing is left to do
                if think_seconds:
                    await asyncio.sleep(think_seconds * chance.uniform(0.5, 1.5))
                text = f"What a fine day, says person {number} of {project} for the {turn}th time."
                body = {"result": [_written(text)], "lead_time": think_seconds}
                sent = client.post(
                    f"/api/tasks/{task.json()['id']}/annotations/", params={"project": project}, json=body
                )
                answer, second = await timed(measured, sent)
                if answer.status_code == 201:
                    measured.loops.append(first + second)
                    measured.accepted.append(text)
                else:
                    measured.refused.append(f"{answer.status_code} {answer.text[:200]}")

    await asyncio.gather(*(person(number, cookies) for number, cookies in enumerate(people)))
    return measured


def _written(text: str) -> dict[str, Any]:
    return {"from_name": "response", "to_name": "text", "type": "textarea", "value": {"text": [text]}}


def too_many(answers: Sequence[Sequence[str]]) -> int:
    """How many answers there are beyond the one that each task wanted."""
    return sum(max(0, len(texts) - 1) for texts in answers)


def missing(accepted: Sequence[str], answers: Sequence[Sequence[str]]) -> int:
    """How many accepted answers are not there."""
    kept = Counter(text for texts in answers for text in texts)
    return sum((Counter(accepted) - kept).values())


def compare(
    address: str,
    token: str,
    crowds: Sequence[int],
    thinks: Sequence[float],
    loops: int,
    process: int | None = None,
) -> None:
    """Print the lines of the table for the Label Studio at `address`.

    Raises:
        SystemExit: without a token, and when something is not answered as it should be.
    """
    if not token:
        raise SystemExit(
            "Give Label Studio's access token with --token; see the head of label_studio_loop.py."
        )
    server = LabelStudio(address.rstrip("/"), token)
    print(f"Label Studio {server.ask('GET', '/api/version').get('release', '?')} at {server.address}")
    print(HEADING)
    for think in thinks:
        for crowd in crowds:
            project = server.project(crowd * loops)
            people = [server.person() for _ in range(crowd)]
            before, begun = processor_seconds(process) if process else 0.0, time.monotonic()
            measured = asyncio.run(work(server, project, people, loops=loops, think_seconds=think))
            cpu = processor_seconds(process) - before if process else float("nan")
            answers = server.kept(project)
            over, lost = too_many(answers), missing(measured.accepted, answers)
            print(Line("studio", crowd, think, measured, cpu, lost, over), flush=True)
            unanswered = crowd * loops - sum(1 for texts in answers if texts)
            print(f"       {time.monotonic() - begun:.1f} s in all; tasks without an answer: {unanswered}")
