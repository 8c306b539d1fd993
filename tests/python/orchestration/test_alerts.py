import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg

from orchestration.alerts import alert_on_failure, send_alert
from orchestration.instance import COMMAND_LINE, LAUNCHED_BY_TAG


def test_command_gets_the_text(tmp_path, monkeypatch):
    file = tmp_path / "alert"
    monkeypatch.setenv(
        "CSW_ALERT_COMMAND", f'cat > "{file}"; echo " $CSW_ALERT_RUN_ID" >> "{file}"'
    )
    assert send_alert("it failed", "run1") == []
    assert file.read_text() == "it failed run1\n"


def test_webhook_gets_the_text(monkeypatch):
    received = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            return

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    monkeypatch.setenv("CSW_ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_port}/")
    assert send_alert("it failed", "run1") == []
    thread.join(10)
    server.server_close()
    assert received == [{"text": "it failed", "run_id": "run1"}]


def test_alert_that_cannot_be_sent_is_said_and_hides_nothing(monkeypatch):
    monkeypatch.setenv("CSW_ALERT_COMMAND", "echo no mail >&2; exit 3")
    monkeypatch.setenv("CSW_ALERT_WEBHOOK", "http://127.0.0.1:9/")
    problems = send_alert("it failed", "run1")
    assert "ended with 3: no mail" in problems[0]
    assert "could not be reached" in problems[1]


def failed_run(tags):
    @dg.op
    def load_stripe():
        raise dg.Failure("charges.jsonl is half written")

    @dg.job
    def daily_refresh():
        load_stripe()

    instance = dg.DagsterInstance.ephemeral()
    result = daily_refresh.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    return dg.build_run_status_sensor_context(
        "alert_on_failure",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()


def test_sensor_tells_step_and_reason(tmp_path, monkeypatch):
    file = tmp_path / "alert"
    monkeypatch.setenv("CSW_ALERT_COMMAND", f'cat > "{file}"')
    alert_on_failure(failed_run({}))
    assert "load_stripe: charges.jsonl is half written" in file.read_text()
    assert "published files are unchanged" in file.read_text()


def test_sensor_leaves_runs_of_the_command_line_to_it(tmp_path, monkeypatch):
    file = tmp_path / "alert"
    monkeypatch.setenv("CSW_ALERT_COMMAND", f'cat > "{file}"')
    alert_on_failure(failed_run({LAUNCHED_BY_TAG: COMMAND_LINE}))
    assert not file.exists()
