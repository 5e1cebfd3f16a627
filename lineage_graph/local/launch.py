"""Starts the Java process of a server: configuration, command line, port, and what its log says went wrong."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local.extras import java
from lineage_graph.local.jars import classpath, locked, number
from lineage_graph.local.state import HOST, replace_file

PORT = 17687
MEMORY = re.compile(r"[1-9]\d*[kmg]", re.IGNORECASE)

CONF = """\
# Written at every start by lineage-graph; changes here do not last.
server.directories.data={home}/data
server.directories.transaction.logs.root={home}/tx
server.directories.logs={home}/logs
server.directories.run={home}/run
server.directories.plugins={home}/plugins
server.directories.import={home}/import
server.directories.lib={home}/lib
server.directories.licenses={home}/licenses
server.default_listen_address={host}
server.default_advertised_address={host}
server.bolt.enabled=true
server.bolt.listen_address={host}:{bolt}
server.bolt.advertised_address={host}:{bolt}
server.https.enabled=false
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
client.allow_telemetry=false
server.memory.pagecache.size={pagecache}
db.transaction.timeout=10m
db.memory.transaction.max={transaction}
db.transaction.monitor.check.interval=100ms
db.lock.acquisition.timeout=10s
db.tx_log.rotation.size=32m
db.tx_log.rotation.retention_policy=1 files
db.tx_log.preallocate=true
"""
HTTP = """\
server.http.enabled=true
server.http.listen_address={host}:{http}
server.http.advertised_address={host}:{http}
"""
# The quiet period: data is safe by then, and a stop would wait ten seconds for connections that nobody makes.
LINE = {
    5: "internal.dbms.bolt.netty_server_shutdown_quiet_period=0\n",
    2026: "internal.dbms.bolt.netty_server_shutdown_quiet_period_duration=0s\n"
    "db.query.default_language=CYPHER_25\n"
    "dbms.fleet_manager.enabled=false\n",
}

JAVA = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djol.skipHotspotSAAttach=true",
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)

# The server is to be nobody's child, or a long-lived asker would keep it as a zombie when somebody else stops it.
ORPHAN = '"$@" >"$0" 2>&1 </dev/null & echo $!'

# What the console says, and the sentence for it. The first that is found counts.
SIGNS = (
    ("Address already in use", "its port was taken meanwhile", "run `lineage-graph up` again"),
    ("locked by another process", "another process has its data open", "stop that process"),
    ("No space left on device", "the disk is full", "make room"),
    ("Invalid maximum heap size", "the heap asked for cannot be had", "give a smaller LINEAGE_GRAPH_HEAP"),
    ("Could not reserve enough space", "the heap asked for cannot be had", "give a smaller LINEAGE_GRAPH_HEAP"),
    ("Invalid memory configuration", "the machine has too little memory", "give a smaller LINEAGE_GRAPH_HEAP"),
    ("OutOfMemoryError", "its heap is too small for what it was asked", "give a larger LINEAGE_GRAPH_HEAP"),
    ("AccessDenied", "a file in its folder is not accessible", "mend the permissions in the folder"),
    ("Permission denied", "a file in its folder is not accessible", "mend the permissions in the folder"),
)


def memory(name: str, given: str | None, default: str) -> str:
    """A memory size: the one given, else from `LINEAGE_GRAPH_<name>`, else the default. Raises LocalServerProblem."""
    value = given or os.environ.get(f"LINEAGE_GRAPH_{name}") or default
    if not MEMORY.fullmatch(value):
        raise LocalServerProblem(f"{name.lower()} {value!r} is not a size", "write it like 512m or 2g")
    return value.lower()


def half(size: str) -> str:
    """Half of a memory size: what one transaction may take of the heap, so that no question of one person's ends the server."""
    return f"{int(size[:-1]) * 1024 ** 'kmg'.index(size[-1]) // 2}k"


def free_port(*preferred: int | None) -> int:
    """The first of the preferred ports that nobody listens on, else any free one, on loopback."""
    for port in (*preferred, 0):
        if port is None:
            continue
        with socket.socket() as trial:
            # Lets a port be had again right after its last server was killed; one in use is still refused.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise LocalServerProblem(f"no port is free on {HOST}", "stop something that listens there")


def start(folder: Path, jars: Path, version: str, bolt: int, http: int | None, heap: str) -> int:
    """Starts the process, which outlives the caller, and returns its id. Raises LocalServerProblem, OSError."""
    conf = CONF + LINE[number(version)[0]] + ("server.http.enabled=false\n" if http is None else HTTP)
    values = {"home": folder, "host": HOST, "bolt": bolt, "http": http, "pagecache": memory("PAGECACHE", None, "256m")}
    values["transaction"] = half(heap)
    for name in ("conf", "temp"):
        (folder / name).mkdir(exist_ok=True)
    replace_file(folder / "conf" / "neo4j.conf", conf.format(**values))
    path = classpath(locked(version, browser=http is not None), jars)
    # A file, because 240 jars make a long command line; a backslash is an escape in it.
    options = [*JAVA, f"-Xmx{heap}", _quoted(f"-Djava.io.tmpdir={folder / 'temp'}"), "-cp", _quoted(path)]
    replace_file(folder / "java.args", "\n".join(options) + "\n")
    main = "org.neo4j.server.Neo4jCommunity" if number(version) >= (2025,) else "org.neo4j.server.CommunityEntryPoint"
    command = [str(java()), f"@{folder / 'java.args'}", main]
    command += [f"--home-dir={folder}", f"--config-dir={folder / 'conf'}", "--console-mode"]
    console = folder / "console.log"
    if console.exists():
        console.replace(folder / "console.old.log")
    # A session of its own: a signal to the asker's terminal or group is not for the server.
    shell = ["/bin/sh", "-c", ORPHAN, str(console), *command]
    done = subprocess.run(shell, stdout=subprocess.PIPE, text=True, cwd=folder, env=_env(), start_new_session=True, check=True)
    return int(done.stdout)


def _quoted(option: str) -> str:
    return '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _env() -> dict[str, str]:
    """The caller's environment without what would change Neo4j's or Java's settings behind our back."""
    unwanted = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
    return {k: v for k, v in os.environ.items() if k not in unwanted and not k.startswith("NEO4J_")}


def port_was_taken(folder: Path) -> bool:
    """Whether the server ended because somebody took its port between our look and its start."""
    return "Address already in use" in _console(folder)


def why_it_ended(folder: Path) -> LocalServerProblem:
    """The sentence for a server that ended instead of starting."""
    console = _console(folder)
    see = f"{folder / 'console.log'} has the rest"
    for sign, what, todo in SIGNS:
        if sign in console:
            return LocalServerProblem(f"the local Neo4j in {folder} did not start: {what}", f"{todo} ({see})")
    lines = re.findall(r"^(?:Caused by: |Exception in thread .main. |.*ERROR +|Error: )(.{5,300})", console, re.MULTILINE)
    said = lines[-1].strip() if lines else "its console is empty"
    return LocalServerProblem(f"the local Neo4j in {folder} did not start ({said})", see)


def _console(folder: Path) -> str:
    try:
        return (folder / "console.log").read_text("utf-8", "replace")[-100_000:]
    except OSError:
        return ""
