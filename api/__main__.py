"""The command line: run a district, make keys, play the demonstration, keep the read models."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.console import Data, fail, finish, must_be_usable, say, settings_of
from api.round_cli import rounds

cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="认领 Renling")
Pack = Annotated[str | None, typer.Option(help="districts/ 中的区 / a pack in districts/")]


@cli.command()
def run(
    port: Annotated[int | None, typer.Option(help="端口 / port; 0: 任选 / any")] = None,
    data: Data = None,
    empty: Annotated[bool, typer.Option("--empty", help="不载入演示区 / without the demonstration district")] = False,
    district: Pack = None,
    today: Annotated[str | None, typer.Option(help="演示数据的“今天” / the demonstration's today, YYYY-MM-DD")] = None,
) -> None:
    """Start everything on this machine: API, pages, broker, relay, projector and clock."""
    from api.loading import prepare
    from api.running import run as run_all

    settings = settings_of(port=port, data=data, district=district)
    must_be_usable(settings)
    day = date.fromisoformat(today) if today else None
    finish(run_all(settings, lambda opened: prepare(opened, empty=empty, today=day, say=say), say), settings)


@cli.command()
def key(
    role: Annotated[str, typer.Option(help="unit_system, unit, committee, street, district, auditor")],
    org: Annotated[str, typer.Option(help="单位编号、居民区的区域编号，或任意名称 / unit id, area id, or a label")],
    area: Annotated[str | None, typer.Option(help="协调员管辖的区域 / a coordinator's area")] = None,
    scopes: Annotated[str | None, typer.Option(help="权限范围，逗号分隔，默认全部 / scopes, default all")] = None,
    days: Annotated[int, typer.Option(help="有效天数 / how many days it lives", min=1, max=366)] = 366,
    label: Annotated[str, typer.Option(help="用途 / what it is for")] = "",
    data: Data = None,
) -> None:
    """Make an API key and print it alone; it works on the very next request."""
    from api.wiring import open_keys

    settings = settings_of(data=data)
    must_be_usable(settings)
    if role == "street" and area is None and not org.isdigit():
        fail("街道账号须用 --area 写明街道的区域编号 / a street key names its street: --area ID")
    try:
        print(open_keys(settings.data).create(
            role, org, area or (org if role == "street" else None), label=label, lives=timedelta(days=days),
            scopes=None if scopes is None else [each.strip() for each in scopes.split(",") if each.strip()],
        ))  # fmt: skip
    except ValueError as error:
        fail(str(error))


@cli.command()
def keys(data: Data = None, revoke: Annotated[str | None, typer.Option(help="作废 / revoke this id")] = None) -> None:
    """List the API keys, or revoke one."""
    from api.wiring import open_keys

    store = open_keys(settings_of(data=data).data)
    if revoke is not None:
        if not store.revoke(revoke):
            fail(f"没有这个有效的密钥 / no such live key: {revoke}")
        return
    now = datetime.now(UTC)
    for record in store.list():
        state = "作废 revoked" if record.revoked_at else "有效 live" if record.lives(now) else "过期 expired"
        until = f"{record.expires_at:%Y-%m-%d}" if record.expires_at else "-"
        used = f"{record.used_at:%Y-%m-%d %H:%M}Z" if record.used_at else "-"
        scopes = "*" if record.scopes is None else ",".join(record.scopes)
        print(f"{record.id}  {record.role:12} {record.org:30} {record.area or '-':12} {state}  {until}  {used}  {scopes}")


@cli.command("admin-code")
def admin_code(
    role: Annotated[str, typer.Option(help="security_admin, system_admin")] = "security_admin", data: Data = None
) -> None:
    """Print a one-time code with which an officer sets up an account at /setup; for the first ones, and for emergencies."""
    from api.first_officer import code_for

    settings = settings_of(data=data)
    must_be_usable(settings)
    try:
        print(code_for(settings, role))
    except ValueError as error:
        fail(str(error))


@cli.command("access-log")
def access_log(
    data: Data = None,
    noted: Annotated[str | None, typer.Option(help="以前记下的条数和指纹 / number and fingerprint noted earlier, N:HEX")] = None,
) -> None:
    """Check the chain of the access log from its first line; exit code 1 when somebody has changed it."""
    from api.first_officer import checked_log

    n, _, chain = (noted or "").partition(":")
    if noted and not (n.isascii() and n.isdigit() and chain):
        fail("--noted N:HEX")
    text, sound = checked_log(settings_of(data=data), (int(n), chain) if noted else None)
    print(text)
    sys.exit(0 if sound else 1)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="正在运行的端口 / the port it runs on")] = 8000,
    data: Data = None,
    rate: Annotated[float, typer.Option(help="每秒几件 / acts a second")] = 1.0,
    seconds: Annotated[int | None, typer.Option(help="多久 / for how long")] = None,
) -> None:
    """Play live activity into a running district, so that the dashboards move."""
    from api.demo import play
    from api.wiring import open_keys

    store, made = open_keys(settings_of(data=data).data), dict[tuple[str, str], str]()

    def key_for(role: str, org: str) -> str:
        if (role, org) not in made:
            made[role, org] = store.create(role, org)
        return made[role, org]

    play(f"http://127.0.0.1:{port}", key_for, rate_per_s=rate, seconds=seconds)


@cli.command()
def rebuild(data: Data = None, district: Pack = None) -> None:
    """Make all read models anew from the ledger. The district must not be running."""
    from api.loading import rebuild as rebuild_all

    settings = settings_of(data=data, district=district)
    finish(rebuild_all(settings, say), settings)


@cli.command()
def verify(data: Data = None, district: Pack = None) -> None:
    """Compare the read models row by row with a fresh replay. The district must not be running."""
    from api.loading import verify as verify_all

    settings = settings_of(data=data, district=district)
    finish(verify_all(settings, say), settings)


@cli.command()
def openapi(out: Annotated[Path, typer.Option(help="写到哪里 / where to")] = Path("docs")) -> None:
    """Write the API's description and the reference of events, routes and verbs."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (out / name).write_text(text, encoding="utf-8")
        print(out / name)


def documents() -> dict[str, str]:
    """The generated documents by file name."""
    import json
    import tempfile

    from api.loading import described
    from api.reference import reference
    from api.wiring import EVENTS

    with tempfile.TemporaryDirectory() as folder:
        api = asyncio.run(described(settings_of(data=Path(folder))))
    text = json.dumps(api, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return {"openapi.json": text, "reference.md": reference(EVENTS, api, cli)}


def _part(name: str, help: str) -> None:
    """One part alone, for several processes on one PostgreSQL and one NATS cluster."""

    def start(port: int | None = None, data: Data = None, district: Pack = None) -> None:
        from api.parts import PARTS

        settings = settings_of(port=port, data=data, district=district)
        must_be_usable(settings)
        finish(PARTS[name](settings, say), settings)

    cli.command(name, help=help)(start)


cli.add_typer(rounds, name="round")
_part("api", "The API and the pages, with read models of their own.")
_part("relay", "The copy of the ledger in NATS.")
_part("project", "The read models alone.")
_part("clock", "What happens because time has passed.")


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    cli()


if __name__ == "__main__":
    main()
