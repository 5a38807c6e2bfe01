"""Settings, from RENLING_… variables; the command line overrides some of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RENLING_", extra="ignore")

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8000
    district: str = "huangpu"
    store: str = ""  # "" = SQLite in the data folder, else postgresql://…
    solver: Literal["own", "ortools"] = "own"  # of rounds; the same pairs from both
    nats_url: str = Field(default="", validation_alias="NATS_URL")  # "" = our own nats-server
    requests_per_second: int = 300  # a key
    max_body_bytes: int = 1_000_000
    max_upload_bytes: int = 10_000_000
    kek_file: Path | None = None  # the master key of vault and contacts; None = vault.kek, contacts.kek in the data folder
    tick_seconds: float = 1.0  # between two looks at what the clock has to end
    log_level: str = "warning"
    demo: bool = False  # anybody may enter as a ready-made person, from wherever the port can be reached
    password_policy: Literal["modern", "mlps"] = "mlps"  # OWASP ASVS, or 等级保护
    public_url: str = ""  # where people reach the pages from outside, for links in messages; "" = http://host:port
    smtp_url: str = ""  # smtp[s]://user:password@host:port; "" = no e-mail
    mail_from: str = ""
    hook_hosts: str = "qyapi.weixin.qq.com, oapi.dingtalk.com, open.feishu.cn"  # where robots of group chats may be
    hook_networks: str = ""  # private networks that robots and webhooks may be in: "10.1.0.0/16, 127.0.0.1"
    oidc_issuer: str = ""  # of an OpenID provider; "" = log-in by password alone
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "统一身份认证"  # on the log-in button


def usable(folder: Path) -> str | None:
    """Why the data folder cannot be used, or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return (
            f"数据目录不可写 / the data folder cannot be written: {folder}（{error.strerror}）。"
            "请改权限或用 --data 换一个 / change it or pass --data"
        )
    return None
