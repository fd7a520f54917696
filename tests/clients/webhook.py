"""An HTTP endpoint for tests, which keeps what is posted to it and answers as it is told."""

import http.server
import json
import threading


class Webhook:
    def __init__(self, host="127.0.0.1"):
        self.posts = []  # (path, headers, body)
        self.answers = []  # (status, headers) for the next posts; 200 after them
        self.stopped = False
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.posts.append((self.path, self.headers, body.decode()))
                status, headers = webhook.answers.pop(0) if webhook.answers else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                webhook.posts.append((self.path, self.headers, "GET"))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of_type(self, kind):
        """The bodies of the posts of this message type."""
        return [
            (headers, json.loads(body) if body.startswith("{") else body)
            for _, headers, body in list(self.posts)
            if body != "GET" and headers["x-amz-sns-message-type"] == kind
        ]

    def stop(self):
        self.stopped = True
        self._server.shutdown()
        self._server.server_close()
