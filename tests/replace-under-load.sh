#!/usr/bin/env bash
# Replaces files over and over while wrk asks for them and checks each answer byte by byte: every one must be one whole version.
#
#   tests/replace-under-load.sh [SECONDS] [CONNECTIONS] [options of pipeserver serve ...]
#
# small.txt (from memory), medium.txt (read and sent in pieces) and large.txt (sendfile) are replaced by renames: none of their
# answers may be anything but 200. rewritten.txt is emptied and written anew in place, and deleted now and then: there 404, 503 and what
# lies on the disk half written are answers too. No connection may be cut. A version is one letter, so often as the letter tells.
# Needs Debian's wrk. Exit code 0: only whole versions.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-300}
connections=${2:-64}
shift $(($# < 2 ? $# : 2))
command -v wrk >/dev/null || { echo "missing: wrk. On Debian: apt install wrk" >&2; exit 1; }

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
local letters, lengths = "abcdefgh", { small = 1000, medium = 100000, large = 2500000, rewritten = 30000 }
local names = { "small", "small", "small", "small", "medium", "medium", "rewritten", "large" }
local threads = {}
setup = function(thread) table.insert(threads, thread) thread:set("number", #threads) end
init = function(args)
  whole, other, wrong, last = 0, 0, 0, ""
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
  if status ~= 200 then
    -- Which file it was is not in the answer; only one of them may be missing, or be written at this moment.
    if status == 404 or status == 503 then other = other + 1 else wrong, last = wrong + 1, "status " .. status end
    return
  end
  for name in pairs(lengths) do
    if versions[name .. body:sub(1, 1)] == body then whole = whole + 1 return end
  end
  -- Half of a version that is being written is what lies on the disk, for files that are written in place.
  local letter = body:sub(1, 1)
  if letter == "" or (#body < 40000 and body == string.rep(letter, #body)) then other = other + 1 return end
  wrong, last = wrong + 1, "a mixture: " .. #body .. " bytes that begin with " .. letter
end
done = function(summary, latency, requests)
  local whole, other, wrong, last = 0, 0, 0, ""
  for _, thread in ipairs(threads) do
    whole, other, wrong = whole + thread:get("whole"), other + thread:get("other"), wrong + thread:get("wrong")
    if thread:get("last") ~= "" then last = thread:get("last") end
  end
  io.write(string.format("answers: %d whole versions, %d of the file that is rewritten in place without being one, %d wrong %s\n", whole, other, wrong, last))
  io.write(string.format("connections cut: %d\n", summary.errors.read))
  if wrong > 0 or whole == 0 or summary.errors.read > 0 then os.exit(1) end
end
LUA

mkdir "$folder/root"
version() { # NAME LENGTH NUMBER
  local letters=abcdefgh
  local i=$(($3 % 8))
  head -c $(($2 + (i + 1) * 1000)) /dev/zero | tr '\0' "${letters:i:1}"
}

for name in small:1000 medium:100000 large:2500000 rewritten:30000; do
  version "${name%:*}" "${name#*:}" 0 >"$folder/root/${name%:*}.txt"
done

dotnet build src/PipeServer.Cli -c Release -v quiet --nologo
src/PipeServer.Cli/bin/Release/net10.0/pipeserver serve "$folder/root" --port 0 "$@" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 100); do grep -q Listening "$folder/log" && break; sleep 0.1; done
address=$(sed -n 's/^Listening on \([^ ;]*\).*/\1/p' "$folder/log")

(
  number=0
  while true; do
    number=$((number + 1))
    for name in small:1000 medium:100000 large:2500000; do
      version "${name%:*}" "${name#*:}" "$number" >"$folder/new"
      mv "$folder/new" "$folder/root/${name%:*}.txt"
    done
    version rewritten 30000 "$number" >"$folder/root/rewritten.txt"
    [ $((number % 10)) -ne 0 ] || rm "$folder/root/rewritten.txt"
    echo "$number" >"$folder/count"
    sleep 0.02
  done
) &
writer=$!

wrk -t2 -c"$connections" -d"${seconds}s" --timeout 10s -s "$folder/check.lua" "$address" >"$folder/result" || { cat "$folder/result"; cat "$folder/log"; exit 1; }
cat "$folder/result"
echo "$(cat "$folder/count") versions of each file"
kill "$writer"
kill "$server"
wait "$server"
tail -1 "$folder/log"
