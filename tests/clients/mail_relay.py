"""A real SMTP server for tests, which can be down, put mails off, refuse them, or hang up in the middle."""

import email
import email.policy
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from usher_server import free_port

PUT_OFF = "451 4.3.0 come again later"
REFUSE = "550 5.1.1 nobody here by that name"


class HangingUp(SMTP):
    """Says that it takes the mail, reads a little of it, and is gone."""

    relay = None

    async def smtp_DATA(self, arg):
        if not self.relay.hang_ups:
            return await super().smtp_DATA(arg)
        self.relay.hang_ups -= 1
        await self.push("354 go on")
        await self._reader.readline()
        self.transport.abort()
        return None


class Relay:
    """Keeps what it has accepted, and the Message-ID of everything that was brought to it."""

    def __init__(self, ssl_context=None, user=None, password=None):
        self.port = free_port()
        self.accepted = []
        self.brought = []
        self.answers = []  # to the next mails, before it takes them
        self.hang_ups = 0
        self.ssl_context = ssl_context
        self.login = (user, password)
        self.logins = []
        self._lock = threading.Lock()
        self._controller = None

    def url(self, host="127.0.0.1"):
        user, password = self.login
        login = f"{user}:{password}@" if user else ""
        return f"smtp://{login}{host}:{self.port}"

    def start(self):
        relay = self
        server_class = type("Server", (HangingUp,), {"relay": relay})

        def authenticate(_server, _session, _envelope, _mechanism, data):
            from aiosmtpd.smtp import AuthResult

            given = (data.login.decode(), data.password.decode())
            relay.logins.append(given)
            return AuthResult(success=given == relay.login)

        class Listening(Controller):
            def factory(self):
                options = {}
                if relay.ssl_context:
                    options = {"tls_context": relay.ssl_context, "require_starttls": True}
                if relay.login[0]:
                    options |= {"authenticator": authenticate, "auth_required": True}
                return server_class(self.handler, **options)

        self._controller = Listening(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self):
        self._controller.stop()

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self._lock:
            self.brought.append(mail["Message-ID"])
            if self.answers:
                return self.answers.pop(0)
            self.accepted.append((envelope.mail_from, envelope.rcpt_tos, mail))
        return "250 OK"

    def subjects(self):
        with self._lock:
            return [mail["Subject"] for _, _, mail in self.accepted]
