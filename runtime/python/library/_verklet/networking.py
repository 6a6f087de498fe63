"""What Emscripten's C library leaves out of `socket`, over the kernel's loopback: options, pairs, names."""

import http.server
import json
import select
import socket
import socketserver

import _socket
import _verklet
from _verklet import scheduler

_LOCAL_NAMES = {"", "localhost", "verklet", "localhost.localdomain", "::", "::1", "0.0.0.0", "127.0.0.1", "ip6-localhost"}
_MISSING = {
    "SO_REUSEADDR": 2, "SO_TYPE": 3, "SO_ERROR": 4, "SO_BROADCAST": 6, "SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9,
    "SO_LINGER": 13, "SO_REUSEPORT": 15, "SO_RCVTIMEO": 20, "SO_SNDTIMEO": 21, "SO_ACCEPTCONN": 30, "SOL_SOCKET": 1,
    "IPPROTO_TCP": 6, "IPPROTO_IPV6": 41, "TCP_NODELAY": 1, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6,
    "IPV6_V6ONLY": 26, "SOMAXCONN": 4096, "SHUT_RD": 0, "SHUT_WR": 1, "SHUT_RDWR": 2, "MSG_PEEK": 2, "MSG_DONTWAIT": 64,
    "AI_PASSIVE": 1, "AI_NUMERICHOST": 4, "NI_NUMERICHOST": 1, "NI_NUMERICSERV": 2,
}  # fmt: skip

_getaddrinfo = _socket.getaddrinfo
_socketserver_handle = http.server.BaseHTTPRequestHandler.handle


def install(host):
    for name, value in _MISSING.items():
        if not hasattr(socket, name):
            setattr(socket, name, value)
    socket.socket.setsockopt = setsockopt
    socket.socketpair = _socket.socketpair = socketpair
    socket._socket.getaddrinfo = getaddrinfo
    socket.gethostname = _socket.gethostname = lambda: "verklet"
    socket.gethostbyname = _socket.gethostbyname = gethostbyname
    socket.getfqdn = lambda name="": "localhost" if name in _LOCAL_NAMES else name
    socket.has_ipv6 = False
    http.server.BaseHTTPRequestHandler.handle = handle


def setsockopt(self, level, name, value, optlen=None):
    number = value if isinstance(value, int) else 0
    _verklet.host.setSocketOption(self.fileno(), level, name, number)


def socketpair(family=None, type=socket.SOCK_STREAM, proto=0):
    first, second = json.loads(_verklet.host.socketpair())
    family = socket.AF_INET
    return socket.socket(family, type, proto, fileno=first), socket.socket(family, type, proto, fileno=second)


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """The loopback under all its names; IPv6 is told as IPv4, since there is one loopback."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in _LOCAL_NAMES:
        name = "0.0.0.0" if name in ("", "::", "0.0.0.0") or (name is None and flags & socket.AI_PASSIVE) else "127.0.0.1"
    number = service_port(port)
    kinds = [(socket.SOCK_STREAM, 6), (socket.SOCK_DGRAM, 17)]
    chosen = [kind for kind in kinds if type in (0, kind[0])]
    if is_address(name):
        return [(socket.AF_INET, kind, protocol, "", (name, number)) for kind, protocol in chosen]
    if family == getattr(socket, "AF_INET6", 10):
        raise socket.gaierror(-2, "Name or service not known")
    return _getaddrinfo(name, number, socket.AF_INET, type, proto, flags & ~0x20)


def is_address(name):
    parts = name.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


def service_port(port):
    if port is None or port == "":
        return 0
    try:
        return int(port)
    except ValueError:
        known = {"http": 80, "https": 443, "ftp": 21, "ssh": 22, "smtp": 25, "domain": 53}
        name = port.decode() if isinstance(port, bytes) else port
        if name not in known:
            raise socket.gaierror(-8, "Servname not supported for ai_socktype") from None
        return known[name]


def gethostbyname(name):
    return getaddrinfo(name, 0, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]


def handle(self):
    """A kept-alive connection gives way as soon as another waits: there is one thread for all of them."""
    server = getattr(self, "server", None)
    if scheduler.can_switch or not isinstance(server, socketserver.ThreadingMixIn):
        return _socketserver_handle(self)
    self.close_connection = True
    self.handle_one_request()
    while not self.close_connection:
        poller = select.poll()
        poller.register(self.connection, select.POLLIN)
        poller.register(server.fileno(), select.POLLIN)
        ready = {fd for fd, _ in poller.poll()}
        if self.connection.fileno() not in ready:
            return
        self.handle_one_request()
