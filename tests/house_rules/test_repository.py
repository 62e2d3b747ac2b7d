"""What must hold for the files of this repository, whoever wrote them."""

import ast
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.servers import HOUSE_VARIABLES, ROOT

APPS = ("accounts", "webservice_accounts", "requests_app")
TARGETS = ("help", "run", "test", "check", "fix", "demo", "messages", "lock", "clean")
OURS_IN_ENGLISH_ONLY = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
THIRD_PARTY_NAMES = re.compile(
    r"(bootstrap|htmx|jquery|popper|alpine|axe)[^/]*\.(js|css)$|\.min\.(js|css)$|\.(whl|map)$"
)
TEXT_SUFFIXES = {".py", ".html", ".txt", ".md", ".toml", ".js", ".css", ".typ", ".po", ".example", ".lock", ".svg", ""}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or would be, in the repository; without Git, every file outside the folders it ignores."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        names = done.stdout.split("\0")
    else:
        ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.suffix != ".mo")
        names = [str(path) for path in paths if not ignored & set(path.parts)]
    return tuple(ROOT / name for name in names if name and (ROOT / name).is_file())


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.suffix in TEXT_SUFFIXES else ""


def holders(pattern: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """Name file, line and match of every occurrence in our files."""
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name != "tests/house_rules/test_repository.py" and not name.startswith(but or ("\0",)):
            for number, line in enumerate(text_of(path).splitlines(), start=1):
                if match := re.search(pattern, line):
                    found.append(f"{name}:{number}: {match[0]}")
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target_and_says_what_it_does(target: str) -> None:
    assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert re.search(
        rf"^\s+make {target}\s+\w",
        subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout,
        re.MULTILINE,
    )


def test_env_example_names_exactly_the_variables_that_the_settings_read() -> None:
    settings = (ROOT / "config/settings.py").read_text()
    assert set(re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings)) == HOUSE_VARIABLES


def test_only_the_wiring_reads_the_environment() -> None:
    doors = {"environ", "getenv"}
    apps = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in APPS]
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in apps
        for node in ast.walk(ast.parse(text_of(path)))
        if (isinstance(node, ast.Attribute) and node.attr in doors)
        or (
            isinstance(node, ast.ImportFrom)
            and (node.module == "environ" or doors & {name.name for name in node.names})
        )
    ]
    assert apps
    assert wrong == []


def test_nothing_of_third_parties_is_kept_here() -> None:
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    assert [name for name in names if THIRD_PARTY_NAMES.search(name)] == []


def test_scripts_and_styles_are_written_to_be_read() -> None:
    assets = [path for path in tracked() if path.suffix in {".js", ".css"}]
    assert [path.name for path in assets if max(map(len, path.read_text().splitlines()), default=0) > 300] == []


def test_no_file_is_large() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > 1_000_000] == []


def test_no_place_of_one_machine_and_no_address_of_a_package_index_is_written_down() -> None:
    places = r"/wor[k]/|/roo[t]/|/home/\w+/|/mnt/\w+/"
    indexes = r"pythonhoste[d]|pypi\.or[g]|registry\.npm[j]s|deb\.debia[n]|index-url|--extra-index"
    assert holders(f"{places}|{indexes}") == []


def test_pages_ask_nobody_else_for_anything() -> None:
    pages = [path for path in tracked() if path.suffix in {".html", ".css", ".js"}]
    fetched = re.compile(r"(?:src|href|url|import|action)\s*[=(]\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)
    links_of_people = re.compile(r"<a\s[^>]*href=[\"']https://", re.IGNORECASE)
    wrong = []
    for path in pages:
        lines = text_of(path).splitlines()
        wrong += [f"{path.name}: {line}" for line in lines if fetched.search(line) and not links_of_people.search(line)]
    assert wrong == []


def test_pages_carry_no_script_or_style_that_the_content_security_policy_would_stop() -> None:
    inline = re.compile(
        r"<style\b|\sstyle\s*=|\son(?:click|change|submit|load|input)\s*=|<script(?![^>]*\bsrc=)|javascript:"
    )
    pages = [path for path in tracked() if path.suffix == ".html" and "/emails/" not in str(path)]
    assert [path.name for path in pages if inline.search(text_of(path))] == []


def test_nothing_is_left_for_later() -> None:
    assert holders(OURS_IN_ENGLISH_ONLY.pattern) == []


def test_no_room_is_called_by_a_name_that_says_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
    code = [path.relative_to(ROOT) for path in tracked() if path.suffix == ".py"]
    assert [str(path) for path in code if nothing & {*path.parts[:-1], path.stem}] == []


def test_only_views_timers_and_commands_read_the_clock() -> None:
    at_the_edge = ("tests/", "benchmarks/", "config/", "accounts/middleware.py", "accounts/adapter.py")
    edges = (
        *at_the_edge,
        *(f"{app}/{room}" for app in APPS for room in ("views", "timers", "management", "admin", "tasks")),
    )
    code = [
        f"{line}"
        for line in holders(
            r"timezone\.now\(|datetime\.now\(|date\.today\(|timezone\.localdate\(\)|auto_now", but=edges
        )
    ]
    assert [line for line in code if line.split(":")[0].endswith(".py")] == []


def test_locks_hold_every_package_by_hash_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock"):
        lock = (ROOT / name).read_text()
        packages = re.findall(r"^([a-z0-9][\w.-]*(?:\[[\w,-]+\])?==\S+)", lock, re.MULTILINE)
        assert packages
        assert "://" not in lock
        for block in re.split(r"\n(?=[a-z0-9])", lock.strip()):
            assert "--hash=sha256:" in block, block


def test_the_development_lock_holds_what_runs_in_the_same_versions() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][\w.-]*==[\w.]+", (ROOT / name).read_text(), re.MULTILINE))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")
