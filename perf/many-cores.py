#!/usr/bin/env python3
"""Measures PipeServer and its peers where there is no SDK: on a machine with many cores, half of them for the server and half for wrk, or with
--shared all of them for both.

    perf/many-cores.py FOLDER [--rounds N] [--server-cores N | --shared] [--workloads NAME ...]

It needs Python alone, no SDK: FOLDER/bin has the programs (pipeserver, floor, handshakes, kestrel-peer as perf/load builds them into artifacts/measured,
nginx and wrk of Debian), FOLDER/lib the shared libraries that these need (ldd names them), and for the workloads over TLS FOLDER has cert.pem and key.pem. What is not there is left out. All servers of a workload run
at once, and are loaded in turn, every other round in the opposite order; medians of the rounds. The CPU time is the server's, children included.
"""
import argparse
import ctypes
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=int, default=1)
parser.add_argument("--server-cores", type=int, default=os.cpu_count() // 2)
parser.add_argument("--shared", action="store_true", help="server and client on all cores")
parser.add_argument("--workloads", nargs="*")
parser.add_argument("--save", help="where the figures of each round go, as JSON")
options = parser.parse_args()
CORES, PROGRAMS = os.cpu_count() if options.shared else options.server_cores, os.path.abspath(options.folder) + "/bin"
CLIENT_CORES = os.cpu_count() if options.shared else os.cpu_count() - CORES
ON_SERVER_CORES = [] if options.shared else ["taskset", "-c", f"0-{CORES - 1}"]
ON_CLIENT_CORES = [] if options.shared else ["taskset", "-c", f"{CORES}-{os.cpu_count() - 1}"]
ENVIRONMENT = dict(os.environ, LD_LIBRARY_PATH=os.path.abspath(options.folder) + "/lib")
WORK = tempfile.mkdtemp(prefix="pipeserver-many-", dir="/dev/shm")  # in memory: access logs go there
os.chmod(WORK, 0o755)
FILES = WORK + "/files"
os.mkdir(FILES)
for name, length in (("1k.bin", 1024), ("64k.bin", 65536)):
    with open(f"{FILES}/{name}", "wb") as file:
        file.write(bytes(length))
with open(WORK + "/pipelined.lua", "w") as file:
    file.write("init = function() local r = {} for i = 1, 16 do r[i] = wrk.format() end all = table.concat(r) end\nrequest = function() return all end\n")


class Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


LIBC = ctypes.CDLL("libc.so.6")


def cpu_of(process):
    """Microseconds of the process and its children, by the clocks that clock_getcpuclockid(3) computes."""
    with open(f"/proc/{process}/task/{process}/children") as children:
        everybody = [process, *map(int, children.read().split())]
    total = 0
    for each in everybody:
        read = Time()
        if LIBC.clock_gettime((~each << 3) | 2, ctypes.byref(read)) != 0:
            raise RuntimeError(f"process {each} has ended")
        total += read.seconds * 1e6 + read.nanoseconds / 1e3
    return total


PAIR = [f"{os.path.abspath(options.folder)}/{name}.pem" for name in ("cert", "key")]


def nginx(port, log="access_log off;", tls=False):
    path = f"{WORK}/{port}.conf"
    folders = " ".join(f"{name}_temp_path {WORK}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(path, "w") as file:
        file.write(f"""daemon off; worker_processes {CORES}; worker_rlimit_nofile 20000; pid {path}.pid; error_log {path}.log crit;
            events {{ worker_connections 12000; }}
            http {{ {log} {folders} keepalive_requests 1000000000; sendfile on; tcp_nopush on; open_file_cache max=4000;
            server {{ listen 127.0.0.1:{port} {"ssl" if tls else ""} backlog=4096;
            {f"ssl_certificate {PAIR[0]}; ssl_certificate_key {PAIR[1]}; ssl_protocols TLSv1.2 TLSv1.3;" if tls else ""} root {FILES};
            location = /plaintext {{ default_type text/plain; return 200 "Hello, World!"; }} }} }}""")
    return [PROGRAMS + "/nginx", "-c", path]


def ours(*more):
    return lambda port: [PROGRAMS + "/pipeserver", "serve", FILES, "--demo", "--quiet", "--port", str(port), "--loops", str(CORES),
                         "--workers", str(CORES), "--backlog", "4096", *(each.replace("PORT", str(port)) for each in more)]


SERVERS = {
    "floor": lambda port: [PROGRAMS + "/floor", str(port), str(CORES)],
    "nginx": nginx,
    "nginx-log": lambda port: nginx(port, f"access_log {WORK}/{port}.access combined buffer=64k flush=1s;"),
    "kestrel-native": lambda port: [PROGRAMS + "/kestrel-peer", str(port), FILES, f"{WORK}/{port}.report"],
    "inline": ours(),
    "inline-log": ours("--access-log", f"{WORK}/PORT.access", "--report", f"{WORK}/PORT.json"),
    "inline-admin": ours("--admin", f"unix:{WORK}/PORT.admin"),
    "workers": ours(),
    "nginx-tls": lambda port: nginx(port, tls=True),
    "kestrel-tls": lambda port: [PROGRAMS + "/kestrel-peer", str(port), FILES, f"{WORK}/{port}.report", *PAIR],
    "inline-tls": ours("--tls-cert", PAIR[0], "--tls-key", PAIR[1]),
    "inline-sslstream": ours("--tls-cert", PAIR[0], "--tls-key", PAIR[1], "--tls-engine", "sslstream"),
}
TLS_PEERS = ["nginx-tls", "kestrel-tls", "inline-tls", "inline-sslstream"]
PEERS = ["floor", "nginx", "kestrel-native", "inline", "workers"]
WORKLOADS = {  # path, connections, wrk script, servers, and whose time the others' is compared with
    "plaintext": ("/plaintext", 512, None, PEERS, "nginx"),
    "pipelined-16": ("/plaintext", 512, WORK + "/pipelined.lua", PEERS, "nginx"),
    "file-1k": ("/1k.bin", 512, None, ["nginx", "kestrel-native", "inline"], "nginx"),
    "file-64k": ("/64k.bin", 128, None, ["nginx", "kestrel-native", "inline"], "nginx"),
    "logged": ("/plaintext", 256, None, ["inline", "inline-log", "inline-admin"], "inline"),
    "tls-plaintext": ("/plaintext", 512, None, TLS_PEERS, "nginx-tls"),
    "tls-file-64k": ("/64k.bin", 128, None, TLS_PEERS, "nginx-tls"),
    "tls-handshake": ("/plaintext", 64, "new", TLS_PEERS, "nginx-tls"),
    "tls-resumed": ("/plaintext", 64, "resumed", TLS_PEERS[:3], "nginx-tls"),
    "logged-nginx": ("/plaintext", 256, None, ["nginx", "nginx-log"], "nginx"),
}


def start(name, port):
    command = SERVERS[name](port)
    if not os.path.exists(command[0]):
        return None
    process = subprocess.Popen([*ON_SERVER_CORES, *command], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended: {process.stderr.read().decode()[:500]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{name} does not answer")


def shake_hands(port, path, connections, kind, seconds):
    said = subprocess.run([*ON_CLIENT_CORES, PROGRAMS + "/handshakes", str(port), path, str(connections), kind, str(seconds)],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60).stdout.split()
    done, took, _, slowest, errors = map(float, said)
    return int(done), done / took, f"{slowest / 1000:.2f}ms", f"{int(errors)} errors" if errors else None


def load(port, path, connections, script, seconds, is_tls=False):
    if script in ("new", "resumed"):
        return shake_hands(port, path, connections, script, seconds)
    command = [*ON_CLIENT_CORES, PROGRAMS + "/wrk", f"-t{CLIENT_CORES}", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", script] if script else []
    said = subprocess.run([*command, f"{'https' if is_tls else 'http'}://127.0.0.1:{port}{path}"], env=ENVIRONMENT, capture_output=True, text=True, timeout=60).stdout
    find = lambda pattern: re.search(pattern, said).group(1)
    fault = re.search("(Socket errors|Non-2xx).*", said)
    return int(find(r"(\d+) requests in")), float(find(r"Requests/sec:\s+([\d.]+)")), find(r"99%\s+([\d.]+\w+)"), fault.group(0) if fault else None


model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
print(f"{os.cpu_count()} cores, {model.group(1) if model else '?'}; the server on {CORES}, wrk on {CLIENT_CORES}; {options.rounds} rounds of {options.seconds} s")
figures, port = {}, 20000
for workload, (path, connections, script, names, reference) in WORKLOADS.items():
    if options.workloads and workload not in options.workloads:
        continue
    running = {}
    try:
        for name in names:
            port += 1
            process = start(name, port)
            if process:
                running[name] = (process, port, "/worker/plaintext" if name == "workers" else path)
        for name, (_, at, asked) in running.items():
            load(at, asked, connections, script, 1, "tls" in workload)
        for round_number in range(options.rounds):
            for name in list(running)[:: 1 if round_number % 2 == 0 else -1]:
                process, at, asked = running[name]
                before = cpu_of(process.pid)
                requests, rate, slowest, fault = load(at, asked, connections, script, options.seconds, "tls" in workload)
                cost = (cpu_of(process.pid) - before) / requests
                figures.setdefault(workload, {}).setdefault(name, []).append((cost, rate, slowest, fault))
    finally:
        for process, _, _ in running.values():
            process.send_signal(signal.SIGTERM)
        for process, _, _ in running.values():
            process.wait(20)
    base = [each[0] for each in figures[workload].get(reference, [])]
    for name, (_, at, _) in running.items():
        rounds = figures[workload][name]
        ratio = statistics.median(each[0] / other for each, other in zip(rounds, base)) if base else 0
        faults = {each[3] for each in rounds if each[3]}
        lost = json.load(open(f"{WORK}/{at}.json")).get("accessLinesLost") if os.path.exists(f"{WORK}/{at}.json") else None
        print(f"{workload:13} {name:15} {statistics.median(each[0] for each in rounds):7.2f} µs  × {reference} {ratio:.2f}  "
              f"{statistics.median(each[1] for each in rounds):10,.0f} requests/s  p99 {rounds[len(rounds) // 2][2]}"
              f"{f'  lines lost {lost}' if lost is not None else ''}{f'  {faults}' if faults else ''}", flush=True)
    for _, at, _ in running.values():  # a log at this rate is gigabytes
        if os.path.exists(f"{WORK}/{at}.access"):
            os.remove(f"{WORK}/{at}.access")
if options.save:
    with open(options.save, "w") as file:
        json.dump(figures, file)
subprocess.run(["rm", "-r", WORK], check=True)
