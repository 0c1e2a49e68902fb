"""An SMTP server for tests: writes what it takes into a folder, one file a message.

Usage: smtp_server.py FOLDER PORT [--login USER PASSWORD] [--starttls CERTIFICATE KEY]

Recipients whose name begins with "nobody" are refused. A file "busy" in the folder makes it answer 451 to every message.
"""

import argparse
import asyncio
import itertools
import os
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Folder:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count(len(list(self.folder.glob("*.eml"))) + 1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 There is no such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if (self.folder / "busy").exists():
            return "451 4.3.0 Come back later"
        name = self.folder / f"{next(self.numbers):04}.eml"
        part = name.with_suffix(".part")
        # What the server saw of the envelope, and whether it was asked who is there, stands above the message.
        part.write_bytes(f"X-Seen-To: {','.join(envelope.rcpt_tos)}\r\nX-Seen-Login: {bool(session.authenticated)}\r\n".encode() + envelope.content)
        os.rename(part, name)
        return "250 taken"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("port", type=int)
    parser.add_argument("--login", nargs=2)
    parser.add_argument("--starttls", nargs=2)
    given = parser.parse_args()
    more = {}
    if given.login:
        expected = [word.encode() for word in given.login]
        more = {
            "authenticator": lambda server, session, envelope, mechanism, data: AuthResult(success=[data.login, data.password] == expected, handled=False),
            "auth_required": True,
            "auth_require_tls": False,
        }
    if given.starttls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*given.starttls)
        more |= {"tls_context": context, "require_starttls": True}
    handler = Folder(given.folder)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, **more), "127.0.0.1", given.port)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
