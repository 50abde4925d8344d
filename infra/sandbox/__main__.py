"""The sandbox as a process of its own: `python -m infra.sandbox --port 12111 --data .data/sandbox.sqlite`."""

import argparse
from pathlib import Path

import uvicorn

from infra.sandbox.app import create_app

SHUTDOWN_SECONDS = 2
"""A request held back by a switch shall not hold back the end."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--data", type=Path, default=Path(".data/sandbox.sqlite"))
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-secret", default="whsec_sandbox")
    parser.add_argument("--webhook-events", nargs="*", default=["*"], help="types of event that the webhook is told of")
    options = parser.parse_args()
    app = create_app(options.data, options.webhook_url, options.webhook_secret, options.webhook_events)
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
