"""The mail adapter against a real server: encryption, sign-in, and what each answer means."""

import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.notifications.errors import MailDeferred, MailRefused, MailServerDown
from domain.notifications.ports import Mail
from infra.mail.security import SmtpSecurity
from infra.mail.smtp import SmtpMailSender
from tests.mail_server import LOOPBACK, PASSWORD, USER, Moment, knows_password, mail_server


def a_mail(**more: str) -> Mail:
    given = {
        "message_id": "ntf_1@market.example",
        "to": "ann@example.com",
        "subject": "Order 1 is paid",
        "text": "Hello Ann,\n.\na line that is a dot alone\n",
        "html": "<p>Hello Ann</p>",
    } | more
    return Mail(at=datetime(2026, 1, 5, 12, tzinfo=UTC), **given)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the loopback address, signed by itself, and its key."""
    directory = tmp_path_factory.mktemp("certificate")
    made, key = directory / "made.pem", directory / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={LOOPBACK}"]
    request += ["-addext", f"subjectAltName=IP:{LOOPBACK}", "-keyout", str(key), "-out", str(made)]
    subprocess.run(request, check=True, capture_output=True, timeout=60)
    return made, key


@pytest.fixture(scope="module")
def encrypted(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        await SmtpMailSender(server.at()).send(a_mail(subject="Grüße “hier”"))
    (mail,) = server.mails
    assert str(mail["Subject"]) == "Grüße “hier”"
    assert (str(mail["To"]), str(mail["Message-ID"])) == ("ann@example.com", "<ntf_1@market.example>")
    assert str(mail["From"]) == "Marketplace <no-reply@market.example>"
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    assert mail["Date"].datetime == datetime(2026, 1, 5, 12, tzinfo=UTC)
    text = mail.get_body(preferencelist=("plain",))
    assert text is not None
    assert text.get_content().splitlines()[:3] == ["Hello Ann,", ".", "a line that is a dot alone"]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
async def test_no_value_becomes_a_header(break_: str) -> None:
    injected = f"Hello{break_}Bcc: eve@example.com{break_}{break_}spam"
    async with mail_server() as server:
        for field in ("subject", "to", "message_id"):
            with pytest.raises(MailRefused):
                await SmtpMailSender(server.at()).send(a_mail(**{field: injected}))
        assert server.mails == []


async def test_starttls_is_insisted_on_and_the_certificate_is_checked(
    certificate: tuple[Path, Path], encrypted: ssl.SSLContext
) -> None:
    trusted = {"security": SmtpSecurity.STARTTLS, "ca_file": str(certificate[0])}
    async with mail_server(tls_context=encrypted, require_starttls=True) as server:
        await SmtpMailSender(server.at(**trusted)).send(a_mail())
        assert server.tls == [True]
        with pytest.raises(MailServerDown, match="CERTIFICATE_VERIFY_FAILED"):
            await SmtpMailSender(server.at(security=SmtpSecurity.STARTTLS)).send(a_mail())
    async with mail_server() as plain:
        with pytest.raises(MailServerDown):
            await SmtpMailSender(plain.at(**trusted)).send(a_mail())
        assert plain.mails == [], "nothing goes in the clear because the server would rather have it so"


async def test_tls_from_the_first_byte(certificate: tuple[Path, Path], encrypted: ssl.SSLContext) -> None:
    async with mail_server(encrypted_by=encrypted) as server:
        reach = server.at(security=SmtpSecurity.TLS, ca_file=str(certificate[0]))
        await SmtpMailSender(reach).send(a_mail())
        assert len(server.mails) == 1


async def test_a_wrong_password_is_no_fault_of_the_mail(
    certificate: tuple[Path, Path], encrypted: ssl.SSLContext
) -> None:
    trusted = {"security": SmtpSecurity.STARTTLS, "ca_file": str(certificate[0]), "username": USER}
    async with mail_server(tls_context=encrypted, authenticator=knows_password, auth_required=True) as server:
        with pytest.raises(MailServerDown, match="535"):
            await SmtpMailSender(server.at(**trusted, password="another")).send(a_mail())
        await SmtpMailSender(server.at(**trusted, password=PASSWORD)).send(a_mail())
        assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("command", "answer", "meaning"),
    [
        ("RCPT", "550 5.1.1 nobody", MailRefused),
        ("RCPT", "450 4.2.1 busy", MailDeferred),
        ("DATA", "554 5.7.1 spam", MailRefused),
        ("DATA", "451 4.3.0 later", MailDeferred),
        ("MAIL", "553 5.1.8 bad sender", MailServerDown),
        ("MAIL", "421 4.3.2 going down", MailServerDown),
    ],
)
async def test_each_answer_has_its_meaning(command: str, answer: str, meaning: type[Exception]) -> None:
    async with mail_server() as server:
        server.answers = [(command, answer)]
        with pytest.raises(meaning) as said:
            await SmtpMailSender(server.at()).send(a_mail())
        assert str(said.value) == answer
        assert server.mails == []


@pytest.mark.parametrize("drop", list(Moment))
async def test_silence_in_the_middle_means_later(drop: Moment) -> None:
    async with mail_server() as server:
        server.drops = [drop]
        with pytest.raises(MailDeferred):
            await SmtpMailSender(server.at()).send(a_mail())


async def test_a_server_that_does_not_answer_in_time_is_not_waited_for() -> None:
    async with mail_server() as server:
        server.holds_at = Moment.AT_RECIPIENT
        with pytest.raises(MailDeferred):
            await SmtpMailSender(server.at(timeout_seconds=0.2)).send(a_mail())
        assert server.mails == []


async def test_nobody_there_is_the_servers_fault() -> None:
    async with mail_server() as server:
        reach = server.at()
    with pytest.raises(MailServerDown, match=str(reach.port)):
        await SmtpMailSender(reach).send(a_mail())


async def test_an_address_outside_ascii_goes_to_servers_that_can_write_it() -> None:
    async with mail_server() as server:
        await SmtpMailSender(server.at()).send(a_mail(to="jörg@example.com"))
        assert len(server.mails) == 1
    async with mail_server(enable_SMTPUTF8=False) as old:
        with pytest.raises(MailRefused, match="SMTPUTF8"):
            await SmtpMailSender(old.at()).send(a_mail(to="jörg@example.com"))
