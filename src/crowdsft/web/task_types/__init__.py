"""Types of tasks. Adding one: a file with a `TaskType`, its template, a line here, a name in `core.settings.tasks`."""

from __future__ import annotations

from crowdsft.core.registry import Table
from crowdsft.web.task_types.base import TaskType
from crowdsft.web.task_types.choose_response import ChooseResponse
from crowdsft.web.task_types.correct_response import CorrectResponse
from crowdsft.web.task_types.rate_response import RateResponse
from crowdsft.web.task_types.write_response import WriteResponse

TASK_TYPES: Table[TaskType] = Table(
    "task",
    {
        "write_response": WriteResponse,
        "correct_response": CorrectResponse,
        "choose_response": ChooseResponse,
        "rate_response": RateResponse,
    },
)
