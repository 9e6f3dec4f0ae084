#!/usr/bin/env bash
# Replaces the certificate of a running server every second, while clients make handshakes and verify what they get: none may fail.
#
#   tests/certificates-under-load.sh [SECONDS] [options of pipeserver serve ...]
#
# Four processes of Python make a new connection for each request, in turn with TLS 1.2 and 1.3, and check chain and name. Certificate and key are one
# file that a rename replaces, alternately ECDSA and RSA; SIGHUP tells the server. PIPESERVER_CLI names a published file to run instead of the built one.
# Needs openssl and python3. Exit code 0: no handshake has failed, and clients have seen as many certificates as there were, but for a few.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift $(($# < 1 ? $# : 1))
for program in openssl python3; do
  command -v "$program" >/dev/null || { echo "missing: $program. On Debian: apt install $program" >&2; exit 1; }
done

folder=$(mktemp -d)
server=""
clients=""
finish() {
  # By their ids.
  # shellcheck disable=SC2086
  [ -z "$clients" ] || kill $clients 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=an authority of a test" -days 2 \
  -keyout "$folder/authority.key" -out "$folder/authority.pem" 2>/dev/null
echo "subjectAltName=DNS:localhost,IP:127.0.0.1" >"$folder/extensions"

certificate() { # NUMBER
  local kind=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
  [ $(($1 % 2)) -eq 0 ] || kind=(-newkey rsa:2048)
  openssl req "${kind[@]}" -nodes -subj /CN=localhost -keyout "$folder/new.key" -out "$folder/new.csr" 2>/dev/null
  openssl x509 -req -in "$folder/new.csr" -CA "$folder/authority.pem" -CAkey "$folder/authority.key" -set_serial "$1" -days 1 \
    -extfile "$folder/extensions" -out "$folder/new.crt" 2>/dev/null
  cat "$folder/new.crt" "$folder/new.key" >"$folder/new.pem"
  mv "$folder/new.pem" "$folder/server.pem"
}

certificate 1
program=${PIPESERVER_CLI:-src/PipeServer.Cli/bin/Release/net10.0/pipeserver}
[ -n "${PIPESERVER_CLI:-}" ] || dotnet build src/PipeServer.Cli -c Release -v quiet --nologo
"$program" serve wwwroot --demo --listen 127.0.0.1:0,tls --tls-cert "$folder/server.pem" "$@" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 100); do grep -q Listening "$folder/log" && break; sleep 0.1; done
port=$(sed -n 's/^Listening on https:[^ ;]*:\([0-9]*\).*/\1/p' "$folder/log" | head -1)
[ -n "$port" ] || { cat "$folder/log"; exit 1; }

cat >"$folder/client.py" <<'PYTHON'
import signal, socket, ssl, sys
port, authority, number = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
contexts = []
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = context.maximum_version = version
    contexts.append(context)
handshakes, failed, seen, last = 0, 0, set(), ''
while going:
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=30) as plain:
            with contexts[(handshakes + number) % 2].wrap_socket(plain, server_hostname='localhost') as client:
                seen.add(client.getpeercert()['serialNumber'])
                client.sendall(b'GET /plaintext HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                answer = b''
                while part := client.recv(4096):
                    answer += part
                if not answer.endswith(b'Hello, World!'):
                    raise OSError('no answer: %r' % answer)
    except OSError as error:
        failed, last = failed + 1, str(error)
    handshakes += 1
print(handshakes, failed, ','.join(sorted(seen)), last)
PYTHON

for number in 1 2 3 4; do
  python3 "$folder/client.py" "$port" "$folder/authority.pem" "$number" >"$folder/client.$number" &
  clients="$clients $!"
done
swaps=1
end=$((SECONDS + seconds))
while [ "$SECONDS" -lt "$end" ]; do
  swaps=$((swaps + 1))
  certificate "$swaps"
  kill -HUP "$server"
  sleep 1
done
# shellcheck disable=SC2086
kill $clients
# shellcheck disable=SC2086
wait $clients || true
clients=""
kill "$server"
wait "$server" || true
server=""

seen=$(cut -d' ' -f3 "$folder"/client.* | tr ',' '\n' | sort -u | grep -c .)
awk -v swaps="$swaps" -v seen="$seen" '
  { handshakes += $1; failed += $2; if (NF > 3) { $1 = $2 = $3 = ""; last = $0 } }
  END {
    printf "handshakes: %d, %d of them failed%s\ncertificates: %d, %d of them seen by clients\n", handshakes, failed, last == "" ? "" : ": " last, swaps, seen
    exit failed > 0 || handshakes == 0 || seen < swaps - 3
  }' "$folder"/client.* || { tail -20 "$folder/log"; exit 1; }
