"""The local mailbox: what would be sent is kept once and shown as text, to this machine only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.mailbox import mailbox_routes
from domain.notifications.errors import MailServerDown
from domain.notifications.ports import Mail
from domain.shared.ids import encode_id, new_id
from infra.mail.mailbox import MailboxDirectory

SENDER = "Marketplace <no-reply@localhost>"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def a_mail(subject: str = "Order 1 is paid", text: str = "Hello", html: str = "<p>Hello</p>") -> Mail:
    name = encode_id("notification", new_id())
    return Mail(f"{name}@localhost", "ann@example.com", subject, text, html, NOW)


def browser(mailbox: MailboxDirectory, address: str = "127.0.0.1") -> httpx.AsyncClient:
    app = Starlette(routes=mailbox_routes(mailbox))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url="http://127.0.0.1")


async def test_mails_are_kept_and_listed_the_newest_first(tmp_path: Path) -> None:
    mailbox = MailboxDirectory(tmp_path / "mails", SENDER)
    assert await mailbox.newest() == []
    first, second = a_mail("First"), a_mail("Zweite: größer")
    for mail in (first, second, second):
        await mailbox.send(mail)
    listed = await mailbox.newest()
    assert [mail.subject for mail in listed] == ["Zweite: größer", "First"], "sent again, it is the same file"
    assert (listed[0].to, listed[0].sender, listed[0].at) == ("ann@example.com", SENDER, NOW)
    assert listed[0].message_id == f"<{second.message_id}>"


async def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    mailbox = MailboxDirectory(tmp_path, SENDER)
    evil = '<script>alert("x")</script>'
    mail = a_mail(evil, f"text {evil}", f'<p>{evil}</p>" onload="alert(1)')
    await mailbox.send(mail)
    async with browser(mailbox) as client:
        for path in ("/mailbox", f"/mailbox/{mail.message_id.partition('@')[0]}"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "<script" not in answer.text
            assert '" onload="' not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert '<iframe sandbox="" srcdoc="' in answer.text


@pytest.mark.parametrize("name", ["..%2f..%2fsecret", "secret", "a" * 65, "NTF_1", "ntf_1%00"])
async def test_nothing_but_mails_is_shown(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").mkdir()
    (tmp_path.parent / "secret.eml").write_text("Subject: secret\n\n")
    async with browser(MailboxDirectory(tmp_path, SENDER)) as client:
        assert (await client.get(f"/mailbox/{name}")).status_code == 404


async def test_others_see_no_mailbox(tmp_path: Path) -> None:
    async with browser(MailboxDirectory(tmp_path, SENDER), "203.0.113.9") as client:
        assert (await client.get("/mailbox")).status_code == 404


async def test_the_oldest_make_room(tmp_path: Path) -> None:
    mailbox = MailboxDirectory(tmp_path, SENDER, kept_max=3)
    sent = [a_mail(f"Number {number}") for number in range(5)]
    for mail in sent:
        await mailbox.send(replace(mail, at=NOW + timedelta(seconds=1)))
    assert [mail.subject for mail in await mailbox.newest()] == ["Number 4", "Number 3", "Number 2"]


async def test_a_directory_that_cannot_be_written_is_a_server_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file stands where the directory should be")
    with pytest.raises(MailServerDown):
        await MailboxDirectory(tmp_path / "mails", SENDER).send(a_mail())
