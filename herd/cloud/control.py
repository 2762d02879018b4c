"""Control routes under ``/_herd/``: reset, request counts and faults, for tests in other processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from components.base.problems import InvalidInputError
from herd.cloud import clock
from herd.cloud.faults import Fault
from herd.cloud.wire import Answer, Environ

if TYPE_CHECKING:
    from herd.cloud.gateway import Gateway


class Control:
    """Answers the control routes of a gateway.

    | route | does |
    |---|---|
    | ``GET /_herd/health`` | says that the server is up |
    | ``POST /_herd/reset`` | an empty cloud, no faults, no counts |
    | ``GET /_herd/requests`` | ``{"ec2.CreateVpc": 3, ...}`` |
    | ``GET /_herd/faults`` | the faults in force, with how often each struck |
    | ``POST /_herd/faults`` | adds one fault (an object) or several (a list) |
    | ``DELETE /_herd/faults`` | ends all faults |
    | ``GET /_herd/clock`` | what time it is in the cloud |
    | ``POST /_herd/clock`` | ``{"now": "2027-01-04T11:30:00Z"}``: makes it this moment |
    | ``POST /_herd/seed`` | ``{"reservations": {"account", "region", "items"}}``: what is there before any program |
    | ``POST /_herd/refuse`` | ``{"seconds": s}``: no connection is accepted for that long |
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def respond(self, environ: Environ, body: bytes) -> Answer:
        """The answer to a control request."""
        route = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        try:
            return self._route(route, json.loads(body) if body else None)
        except InvalidInputError as error:
            return Answer.json({"error": str(error)}, 400)
        except (ValueError, TypeError) as error:
            return Answer.json({"error": f"{route}: {error}"}, 400)

    def _route(self, route: str, value: Any) -> Answer:
        gateway = self._gateway
        match route:
            case "GET /_herd/health":
                return Answer.json({"ok": True})
            case "POST /_herd/reset":
                gateway.reset()
            case "GET /_herd/requests":
                counts = {f"{service}.{action}": count for (service, action), count in gateway.requests.items()}
                return Answer.json(dict(sorted(counts.items())))
            case "POST /_herd/faults":
                gateway.faults.add(*(Fault.parse(each) for each in (value if isinstance(value, list) else [value])))
            case "DELETE /_herd/faults":
                gateway.faults.clear()
            case "GET /_herd/clock" | "POST /_herd/clock":
                return _clock(value)
            case "POST /_herd/seed":
                _seed(value)
            case "POST /_herd/refuse":
                gateway.refuse(float((value or {}).get("seconds", 1.0)))
            case "GET /_herd/faults":
                pass
            case _:
                return Answer.json({"error": f"no such control route: {route}"}, 404)
        return Answer.json({"ok": True, "faults": gateway.faults.wire()})


def _clock(value: Mapping[str, Any] | None) -> Answer:
    if value is not None:
        clock.move_to(_moment(value["now"]))
    return Answer.json({"now": clock.now().isoformat()})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z for UTC")
    return moment.astimezone(UTC)


def _seed(value: Mapping[str, Any]) -> None:
    from herd.cloud.extensions import _ec2_images, _ec2_reservations, service_quotas  # noqa: PLC0415 - its facts take a second to load

    plants: dict[str, Callable[[str, str, Any], None]] = {
        "images": _ec2_images.plant,
        "quotas": service_quotas.plant,
        "reservations": _ec2_reservations.plant,
    }
    unknown = sorted(set(value) - set(plants))
    if unknown:
        raise InvalidInputError.one(f"nothing is seeded by {', '.join(unknown)}", fix=f"one of {', '.join(plants)}")
    for name, each in value.items():
        plants[name](each["account"], each["region"], each["items"])
