"""The image, built from the Containerfile by buildah without a registry, and what comes out, run as an engine would run it: nobody in
particular as user, nothing but the volume to write to."""

import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from process import PATIENCE_SECONDS, free_port, started
from workspace import ROOT

HTTP = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)
PICTURE = (ROOT / "tests/pictures/orientation-1.jpg").read_bytes()
# A whole release build.
BUILD_SECONDS = 3600
# Where a cloned repository has everything that is built.
KEPT = ROOT / "target/container"

# Mounts the image read-only with the volume in it, and becomes the user and the program of the image.
ENGINE = """
    root=$1 volume=$2 user=$3
    shift 3
    mount --bind "$root" "$root"
    mount --bind "$volume" "$root/data"
    mount -t proc proc "$root/proc"
    mount -o remount,ro,bind "$root"
    ! touch "$root/somewhere" 2>/dev/null
    exec chroot --userspec="$user" "$root" "$@"
"""


def buildah(*arguments: str | Path) -> str:
    storage = ["--root", KEPT / "storage", "--runroot", KEPT / "run", "--storage-driver", "vfs"]
    done = subprocess.run(["buildah", *storage, *arguments], stdout=subprocess.PIPE, text=True, timeout=BUILD_SECONDS, check=True)
    return done.stdout.strip()


def missing() -> str:
    """Why no image can be built here, if that is so."""
    tools = [tool for tool in ("buildah", "debootstrap", "unshare", "chroot") if not shutil.which(tool)]
    if tools:
        return f"not here: {', '.join(tools)}"
    return "" if os.geteuid() == 0 else "only root may make a base image by debootstrap"


@pytest.fixture(scope="module")
def image() -> str:
    if why := missing():
        pytest.skip(f"NO IMAGE WAS BUILT: {why}")
    if built := os.environ.get("CORKBOARD_IMAGE"):
        return built
    base = KEPT / "base"
    if not (base / "etc/os-release").exists():
        release = Path("/etc/os-release").read_text()
        suite = next(line.split("=")[1] for line in release.splitlines() if line.startswith("VERSION_CODENAME="))
        shutil.rmtree(base, ignore_errors=True)
        made = base.with_suffix(".new")
        shutil.rmtree(made, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", "--include=gcc,libc6-dev,ca-certificates", suite, made], check=True, timeout=BUILD_SECONDS)
        made.rename(base)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, base, "/")
    # The toolchain and the crates are those of this machine.
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    for variable in ("PATH=/rust/bin:/usr/bin:/bin", "CARGO_HOME=/cargo", "CARGO_NET_OFFLINE=true"):
        buildah("config", "--env", variable, container)
    buildah("commit", "--quiet", "--rm", container, "localhost/base")
    buildah("build", "--isolation", "chroot", "--format", "docker", "--pull=never", "--layers",
            "--volume", f"{sysroot}:/rust:ro", "--volume", f"{cargo / 'registry'}:/cargo/registry",
            "--build-arg", "BUILD_IMAGE=localhost/base", "--build-arg", "BASE_IMAGE=localhost/base",
            "--file", ROOT / "Containerfile", "--tag", "localhost/corkboard", ROOT)
    return "localhost/corkboard"


@pytest.fixture(scope="module")
def config(image) -> dict:
    return json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]


class Container:
    """The image with a volume, to be run again and again."""

    def __init__(self, image: str, config: dict, folder: Path):
        self.config, self.log, self.volume = config, folder / "log", folder / "volume"
        self.name = buildah("from", "--pull=never", image)
        self.root = Path(buildah("mount", self.name))
        self.volume.mkdir()
        # As an engine makes a new volume what the image has there.
        owner = (self.root / "data").stat()
        os.chown(self.volume, owner.st_uid, owner.st_gid)
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> list:
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", ENGINE, "sh"]
        return [*unshare, self.root, self.volume, self.config["User"], *arguments]

    def environment(self) -> dict[str, str]:
        image = dict(variable.split("=", 1) for variable in self.config["Env"])
        # Tests listen on loopback alone.
        return image | {"CORKBOARD_LISTEN": f"127.0.0.1:{self.port}", "PATH": os.environ["PATH"]}

    @contextmanager
    def running(self):
        command = self.command(*self.config["Entrypoint"], "--s3-listen", "127.0.0.1:0", "--data-api-listen", "127.0.0.1:0")
        with started(command, self.log, lambda: "is ready" in self.log.read_text(), signal.SIGKILL, env=self.environment()) as process:
            yield process

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        command = self.command(*arguments)
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)

    def messages(self) -> list[dict]:
        return json.loads(HTTP.request("GET", f"{self.site}/api/messages").data)["messages"]


@pytest.fixture
def container(image, config, tmp_path):
    container = Container(image, config, tmp_path)
    yield container
    buildah("umount", container.name)
    buildah("rm", container.name)


def test_a_picture_is_still_there_after_a_kill_and_a_restart(container):
    with container.running():
        page = HTTP.request("GET", f"{container.site}/")
        assert page.status == 200 and b"<html" in page.data
        fields = {"text": "in a container", "picture": ("a.jpg", PICTURE)}
        posted = HTTP.request("POST", f"{container.site}/api/messages", fields=fields)
        assert posted.status == 201, posted.data
        url = container.site + json.loads(posted.data)["picture"]["url"]
        served = HTTP.request("GET", url).data
    with container.running():
        assert [message["text"] for message in container.messages()] == ["in a container"]
        assert HTTP.request("GET", url).data == served


def test_its_health_is_asked_for_by_the_program_itself(container, config):
    kind, *health = config["Healthcheck"]["Test"]
    assert kind == "CMD" and health == [*config["Entrypoint"], "health"]
    assert container.run(*health).returncode == 1
    with container.running():
        done = container.run(*health)
        assert done.returncode == 0, done.stderr


def test_it_runs_as_nobody_and_keeps_all_in_its_volume(container, config):
    assert config["User"] == "65532:65532" and list(config["Volumes"]) == ["/data"]
    with container.running():
        pass
    kept = [path for path in container.volume.rglob("*") if path.is_file()]
    assert {path.name for path in kept} >= {"corkboard.sqlite", "secret", "index.sqlite"}
    assert all(path.stat().st_uid == 65532 and path.stat().st_mode & 0o077 == 0 for path in kept)
