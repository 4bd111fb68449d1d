"""Read sales at the lowest possible cost in Python: requests, orjson, and one line of JSON per record.

Read the same date ranges and pages as the connectors under comparison, without concurrency, quota, retries,
conversion, state or checks. Usage, with the connector's own configuration file: floor.py CONFIG.
"""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import requests
from dateutil.relativedelta import relativedelta

PATH = "payments/api/v1/sales/history"
STATUSES = [
    "STARTED",
    "PROCESSING_TRANSACTION",
    "UNDER_ANALISYS",
    "PRE_ORDER",
    "WAITING_PAYMENT",
    "PRINTED_BILLET",
    "OVERDUE",
    "NO_FUNDS",
    "BLOCKED",
    "EXPIRED",
    "CANCELLED",
    "APPROVED",
    "COMPLETE",
    "PROTESTED",
    "REFUNDED",
    "PARTIALLY_REFUNDED",
    "CHARGEBACK",
]


def main() -> None:
    config = orjson.loads(Path(sys.argv[1]).read_bytes())
    session = requests.Session()
    token = session.post(
        f"{os.environ['HOTMART_AUTH_URL']}/security/oauth/token",
        params={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {config['token']}"},
        timeout=60,
    ).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    write = sys.stdout.buffer.write
    start, now = datetime.fromisoformat(config["start_date"]), datetime.now(UTC)
    while start < now:
        following = start + relativedelta(months=12)
        query: dict[str, Any] = {
            "max_results": 500,
            "start_date": int(start.timestamp() * 1000),
            "end_date": min(int(following.timestamp() * 1000) - 1, int(now.timestamp() * 1000)),
            "transaction_status": STATUSES,
        }
        while True:
            answer = session.get(f"{os.environ['HOTMART_API_URL']}/{PATH}", params=query, timeout=60)
            page = orjson.loads(answer.content)
            emitted_at = time.time_ns() // 1_000_000
            for row in page["items"]:
                record = {"stream": "sales_history", "data": row, "emitted_at": emitted_at}
                write(orjson.dumps({"type": "RECORD", "record": record}, option=orjson.OPT_APPEND_NEWLINE))
            query["page_token"] = page["page_info"].get("next_page_token")
            if query["page_token"] is None:
                break
        start = following


if __name__ == "__main__":
    main()
