"""Telling someone that a run failed.

`CSW_ALERT_COMMAND` is run by the shell with the text on its standard input; `CSW_ALERT_WEBHOOK`
gets `{"text": …}` by POST. With neither, the text is only logged.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import urllib.request
from http.client import HTTPException

import dagster as dg

from orchestration.instance import COMMAND_LINE, LAUNCHED_BY_TAG

COMMAND_VARIABLE = "CSW_ALERT_COMMAND"
WEBHOOK_VARIABLE = "CSW_ALERT_WEBHOOK"
TIMEOUT_SECONDS = 30

logger = logging.getLogger(__name__)


def send_alert(text: str, run_id: str) -> list[str]:
    """Send a text wherever the environment says.

    Returns:
        What could not be sent, in words; an alert that fails never hides the failure it is about.
    """
    # A file's name in it may be no text.
    text = text.encode(errors="backslashreplace").decode()
    logger.error("%s", text)
    problems = []
    if command := os.environ.get(COMMAND_VARIABLE):
        problems += _run_command(command, text, run_id)
    if webhook := os.environ.get(WEBHOOK_VARIABLE):
        problems += _post(webhook, text, run_id)
    for problem in problems:
        logger.warning("%s", problem)
    return problems


def _run_command(command: str, text: str, run_id: str) -> list[str]:
    try:
        done = subprocess.run(
            command,
            shell=True,
            input=text.encode(),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env={**os.environ, "CSW_ALERT_RUN_ID": run_id},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"{COMMAND_VARIABLE} did not end within {TIMEOUT_SECONDS} seconds."]
    except OSError as error:
        return [f"{COMMAND_VARIABLE} could not be run: {error}"]
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        return [f"{COMMAND_VARIABLE} ended with {done.returncode}: {said}"]
    return []


def _post(webhook: str, text: str, run_id: str) -> list[str]:
    body = json.dumps({"text": text, "run_id": run_id}).encode()
    try:
        request = urllib.request.Request(
            webhook, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return []
    except (ValueError, HTTPException) as error:
        # The text of these quotes the address, which is a secret.
        return [f"{WEBHOOK_VARIABLE} is no address that can be asked ({type(error).__name__})."]
    except OSError as error:
        return [f"{WEBHOOK_VARIABLE} could not be reached: {error}"]


def run_failure_text(context: dg.RunFailureSensorContext) -> str:
    """Return what an alert says about a failed run: the steps, and the reason each gave."""
    lines = [f"{context.dagster_run.job_name} failed (run {context.dagster_run.run_id})."]
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        cause = error.cause if error and error.cause else error
        description = event.step_failure_data.user_failure_data
        reason = description.description if description else (cause.message if cause else "")
        lines.append(f"{event.step_key}: {(reason or '').strip()}")
    if len(lines) == 1:
        lines.append(context.failure_event.message or "")
    lines.append("The published files are unchanged.")
    return "\n".join(lines)


@dg.run_failure_sensor(
    name="alert_on_failure",
    description=(
        "Tells of a failed run: by log, by CSW_ALERT_COMMAND, by CSW_ALERT_WEBHOOK. "
        "A run of the command line reports its failure itself."
    ),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    """Send an alert for a failed run."""
    if context.dagster_run.tags.get(LAUNCHED_BY_TAG) == COMMAND_LINE:
        return
    send_alert(run_failure_text(context), context.dagster_run.run_id)
