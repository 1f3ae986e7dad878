"""What docs/self-hosting.md gives to run a board with: the board behind those reverse proxies, with addresses of this machine."""

import ipaddress
import json
import re
import shutil
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from samtranslator.yaml_helper import yaml_parse

from corkboard import corkboard
from process import free_port, started
from workspace import ROOT, binary, environment, server

EXAMPLES = ROOT / "deploy/self-hosting"
LARGEST = 4 * 1024 * 1024


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Visitor:
    """Somebody at an address of their own, who sees the board by HTTPS."""

    def __init__(self, address: str, port: int, authority: Path):
        context = ssl.create_default_context(cafile=str(authority))
        self.https = urllib3.HTTPSConnectionPool("127.0.0.1", port, source_address=(address, 0), ssl_context=context, assert_hostname="board.example",
                                                 server_hostname="board.example", headers={"Host": "board.example"}, retries=False, timeout=60)

    def get(self, path: str):
        return self.https.request("GET", path, headers={"Host": "board.example"})

    def post(self, fields: dict, **headers: str):
        return self.https.request("POST", "/api/messages", fields=fields, headers={"Host": "board.example"} | headers)


def certificate(folder: Path) -> tuple[Path, Path]:
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    subject = ["-subj", "/CN=board.example", "-addext", "subjectAltName=DNS:board.example"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", key, "-out", chain, *subject], check=True, capture_output=True)
    return chain, key


@contextmanager
def nginx(board: str, folder: Path):
    chain, key = certificate(folder)
    http, https = free_port(), free_port()
    block = (EXAMPLES / "nginx.conf").read_text()
    for example, here in (("http://127.0.0.1:8080", board), ("listen 80;", f"listen 127.0.0.1:{http};"), ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
                          ("/etc/letsencrypt/live/board.example/fullchain.pem", str(chain)), ("/etc/letsencrypt/live/board.example/privkey.pem", str(key))):
        assert example in block
        block = block.replace(example, here)
    config = folder / "nginx.conf"
    bodies = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{bodies}{block}\n}}\n")
    command = [server("nginx"), "-p", folder, "-c", config, "-e", "stderr"]
    with started(command, folder / "log", lambda: listens(https), env=environment()):
        redirect = urllib3.PoolManager(retries=False).request("GET", f"http://127.0.0.1:{http}/a?b", headers={"Host": "board.example"}, redirect=False)
        assert (redirect.status, redirect.headers["location"]) == (308, "https://board.example/a?b")
        yield https, chain


@contextmanager
def caddy(board: str, folder: Path):
    http, https = free_port(), free_port()
    example = (EXAMPLES / "Caddyfile").read_text()
    assert "\nboard.example {\n" in example and "127.0.0.1:8080" in example
    # No authority is asked for a certificate, and no port of the system is taken.
    options = f"{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n\tskip_install_trust\n}}\n"
    example = example.replace("board.example {\n", "board.example {\n\ttls internal\n").replace("127.0.0.1:8080", board.removeprefix("http://"))
    config = folder / "Caddyfile"
    config.write_text(options + example)
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [server("caddy"), "run", "--config", config, "--adapter", "caddyfile"]
    authority = folder / "caddy/pki/authorities/local/root.crt"
    certified = folder / "caddy/certificates/local/board.example/board.example.crt"
    with started(command, folder / "log", lambda: listens(https) and authority.exists() and certified.exists(), env=environment(**homes)):
        yield https, authority


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_behind_a_proxy_each_visitor_is_one(proxy, tmp_path):
    largest = (ROOT / "tests/pictures/orientation-1.jpg").read_bytes()
    # What stands behind a picture's end counts for its size and is left out.
    largest += bytes(LARGEST - len(largest))
    with corkboard("--trusted-proxy", "127.0.0.1/32", POSTS_PER_MINUTE="1") as board, proxy(board.site, tmp_path) as (port, authority):
        one, another = (Visitor(address, port, authority) for address in ("127.0.0.2", "127.0.0.3"))
        page = one.get("/")
        assert page.status == 200 and b"<html" in page.data
        for script in re.findall(rb'src="(/?[\w.-]+\.js)"', page.data):
            assert one.get("/" + script.decode().lstrip("/")).status == 200
        posted = one.post({"text": "with the largest picture", "picture": ("a.jpg", largest)})
        assert posted.status == 201, posted.data
        message = json.loads(posted.data)
        assert one.get(message["picture"]["url"]).status == 200
        # Links from elsewhere lead to the board as its visitors reach it.
        for path in (f"/m/{message['id']}", "/feed.atom"):
            links = set(re.findall(r"\w+://[^/\"]*board\.example", one.get(path).data.decode()))
            assert links == {"https://board.example"}, path
        # Whoever says to be another is believed as little as without a proxy.
        assert one.post({"text": "too soon"}, **{"X-Forwarded-For": "203.0.113.9"}).status == 429
        assert another.post({"text": "from elsewhere"}).status == 201
        texts = [message["text"] for message in json.loads(another.get("/api/messages").data)["messages"]]
        assert texts == ["from elsewhere", "with the largest picture"]


def test_the_examples_are_files_that_their_programs_read(tmp_path):
    caddyfile = subprocess.run([server("caddy"), "validate", "--adapter", "caddyfile", "--config", EXAMPLES / "Caddyfile"], capture_output=True,
                               text=True, check=False, env=environment(HOME=str(tmp_path)))
    assert caddyfile.returncode == 0, caddyfile.stderr
    if not shutil.which("systemd-analyze"):
        pytest.skip("THE UNIT WAS NOT READ: systemd is not here")
    unit = tmp_path / "corkboard.service"
    unit.write_text((EXAMPLES / "corkboard.service").read_text().replace("/usr/local/bin/corkboard", str(binary("corkboard"))))
    # It says on standard error what it does not know, and succeeds.
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_what_containers_are_told_is_what_the_program_knows():
    described = subprocess.run([binary("corkboard"), "--help"], capture_output=True, text=True, check=True).stdout
    settings = (ROOT / "functions/message-board/src/settings.rs").read_text()
    for name in ("compose.yaml", "compose.mysql.yaml"):
        board = yaml_parse((EXAMPLES / name).read_text())["services"]["board"]
        for variable in board["environment"]:
            assert f"[env: {variable}" in described or f'"{variable}"' in settings, variable
    whole = yaml_parse((EXAMPLES / "compose.yaml").read_text())
    # Every setting, not only those that somebody thought of.
    assert whole["services"]["board"]["env_file"] == ".env"
    assert whole["services"]["board"]["healthcheck"]["test"] == ["CMD", "/usr/local/bin/corkboard", "health"]
    trusted = ipaddress.ip_network(whole["services"]["board"]["environment"]["CORKBOARD_TRUSTED_PROXY"])
    assert [str(trusted)] == [config["subnet"] for config in whole["networks"]["board"]["ipam"]["config"]]
