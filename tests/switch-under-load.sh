#!/usr/bin/env bash
# Switches the symbolic link that ROOT is over and over while wrk asks for files and checks each answer byte by byte: every one must be of one
# whole release, none an error, and no connection may be cut.
#
#   tests/switch-under-load.sh [SECONDS] [CONNECTIONS] [options of pipeserver serve ...]
#
# Each release is a new folder, put in place as tools for deployments do it (ln -s, mv -T); the one before is deleted half a second later, and
# each third one at once. small.txt comes from memory, medium.txt is read and sent in pieces, large.txt goes by sendfile, nothing.txt is the
# release's 404.html. At the end each path must be of the last release within a second, and no release but that one be held.
# Needs Debian's wrk and curl. Exit code 0: whole releases only.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
connections=${2:-64}
shift $(($# < 2 ? $# : 2))
for tool in wrk curl; do
  command -v "$tool" >/dev/null || { echo "missing: $tool. On Debian: apt install $tool" >&2; exit 1; }
done

folder=$(mktemp -d)
server=""
writer=""
finish() {
  [ -z "$writer" ] || kill "$writer" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

cat >"$folder/check.lua" <<'LUA'
-- Of each file there are eight versions: one letter, so often as the letter tells.
local letters, lengths = "abcdefgh", { small = 1000, medium = 100000, large = 2500000, nothing = 5000 }
local names = { "small", "small", "small", "small", "medium", "medium", "nothing", "large" }
local threads = {}
setup = function(thread) table.insert(threads, thread) thread:set("number", #threads) end
init = function(args)
  whole, wrong, last = 0, 0, ""
  versions = {}
  for name, length in pairs(lengths) do
    for i = 1, #letters do
      versions[name .. letters:sub(i, i)] = string.rep(letters:sub(i, i), length + i * 1000)
    end
  end
  math.randomseed(os.time() * 10 + number)
end
request = function() return wrk.format("GET", "/" .. names[math.random(#names)] .. ".txt") end
response = function(status, headers, body)
  for name in pairs(lengths) do
    if versions[name .. body:sub(1, 1)] == body and status == (name == "nothing" and 404 or 200) then whole = whole + 1 return end
  end
  wrong, last = wrong + 1, "status " .. status .. ", " .. #body .. " bytes that begin with " .. body:sub(1, 1)
end
done = function(summary, latency, requests)
  local whole, wrong, last = 0, 0, ""
  for _, thread in ipairs(threads) do
    whole, wrong = whole + thread:get("whole"), wrong + thread:get("wrong")
    if thread:get("last") ~= "" then last = thread:get("last") end
  end
  io.write(string.format("answers: %d of whole releases, %d wrong %s\n", whole, wrong, last))
  io.write(string.format("connections cut: %d\n", summary.errors.read))
  if wrong > 0 or whole == 0 or summary.errors.read > 0 then os.exit(1) end
end
LUA

release() { # NUMBER
  local letters=abcdefgh
  local i=$(($1 % 8))
  mkdir "$folder/release-$1"
  for name in small.txt:1000 medium.txt:100000 large.txt:2500000 404.html:5000; do
    head -c $((${name#*:} + (i + 1) * 1000)) /dev/zero | tr '\0' "${letters:i:1}" >"$folder/release-$1/${name%:*}"
  done
  ln -s "release-$1" "$folder/next"
  mv -T "$folder/next" "$folder/current"
}

release 0
dotnet build src/PipeServer.Cli -c Release -v quiet --nologo
src/PipeServer.Cli/bin/Release/net10.0/pipeserver serve "$folder/current" --port 0 "$@" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 100); do grep -q Listening "$folder/log" && break; sleep 0.1; done
address=$(sed -n 's/^Listening on \([^ ;]*\).*/\1/p' "$folder/log")

(
  number=0
  while [ ! -e "$folder/enough" ]; do
    number=$((number + 1))
    release "$number"
    [ $((number % 3)) -eq 0 ] || sleep 0.5
    rm -r "$folder/release-$((number - 1))"
    echo "$number" >"$folder/count"
    sleep 0.1
  done
) &
writer=$!

wrk -t2 -c"$connections" -d"${seconds}s" --timeout 10s -s "$folder/check.lua" "$address" >"$folder/result" || { cat "$folder/result"; cat "$folder/log"; exit 1; }
cat "$folder/result"
touch "$folder/enough"
wait "$writer"
writer=""
sleep 1
count=$(cat "$folder/count")
for name in small.txt medium.txt large.txt nothing.txt; do
  on_disk=$name
  [ "$name" != nothing.txt ] || on_disk=404.html
  curl -s "$address/$name" | cmp - "$folder/current/$on_disk" || { echo "$name is not of release $count, a second after the switch" >&2; exit 1; }
done
held=$(find "/proc/$server/fd" -lname "$folder/release-*" -printf '%l\n')
[ "$held" = "$folder/release-$count" ] || { echo "held at the end: $held" >&2; exit 1; }
echo "$count releases, the last one is served and no other is held"
if grep -E '^(warning|error|critical)' "$folder/log"; then exit 1; fi
kill "$server"
wait "$server"
server=""
tail -1 "$folder/log"
