using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using PipeServer.Fuzz;
using PipeServer.Fuzz.Http2;
using PipeServer.Fuzz.Http2Fuzz;
using PipeServer.Fuzz.WebSockets;

const string Usage = """
    Holds the server against a second, naive parser, on requests that are nearly right.

      dotnet run --project tests/PipeServer.Fuzz -c Release -- [--seconds N] [--over head|parser|memory|sockets|epoll|tls|websocket|http2|all]
                                                             [--tls] [--go-on] [--against N] [--table WHERE] [--attack NAME] [--seed N] [--case N]

      --seconds N   how long in all (60)
      --over WHAT   the pass over ordinary heads beside the parser of all heads, the parser alone, a server over that transport, (tls) the TLS of
                    servers with either engine, in memory and over epoll, (websocket) frames, with and without compression, over each
                    transport, or (http2) its frames, over each transport; all: each for its share of the time (all)
      --tls         with --over http2, over TLS, by each engine
      --go-on       with --over http2, a finding does not end it: each kind of them is printed once
      --against N   with --over http2, holds the server on port N of 127.0.0.1 against the reference, whatever its routes are, in clear text, and
                    prints each difference once: where a peer and the reference disagree, one of them is to be looked at
      --seed N      where the random numbers start; shown at the start, so that a run can be repeated
      --table WHERE no fuzzing: the table of HTTP/2 cases against a server over that transport, or against any other at ADDRESS:PORT, which speaks it there
                    by prior knowledge and has /index.html of 11 bytes
      --attack NAME no fuzzing: what this flood of HTTP/2 frames, or each (all), costs other clients of the server on --against's port, for --seconds a
                    line, beside the same attacker before a sink; the server has /index.html
      --case N      with --over tls, websocket or http2, this one connection alone, as a finding names it

    Exit codes: 0 nothing found, 1 a finding, which is cut down and saved in tests/PipeServer.Fuzz/corpus, 2 bad arguments.
    """;

var seconds = 60;
var over = "all";
var seed = Random.Shared.Next();
int? only = null;
string? table = null;
string? attack = null;
int? against = null;
var isTls = args.Contains("--tls", StringComparer.Ordinal);
var goesOn = args.Contains("--go-on", StringComparer.Ordinal);
args = [.. args.Where(static argument => argument is not ("--tls" or "--go-on"))];
for (var index = 0; index < args.Length; index += 2)
{
    var value = index + 1 < args.Length ? args[index + 1] : "";
    var isRight = args[index] switch
    {
        "--seconds" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds > 0,
        "--seed" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
        "--case" => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && (only = number) is not null,
        "--attack" => (attack = value) == "all" || Http2Flood.All.Any(flood => flood.Name == value),
        "--table" => (table = value) is "memory" or "sockets" or "epoll" || IPEndPoint.TryParse(value, out _),
        "--against" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && (against = at) is not null,
        "--over" => (over = value) is "head" or "parser" or "memory" or "sockets" or "epoll" or "tls" or "websocket" or "http2" or "all",
        _ => false,
    };
    if (!isRight)
    {
        await Console.Error.WriteLineAsync(Usage);
        return 2;
    }
}

if (attack is not null)
{
    foreach (var flood in Http2Flood.All.Where(flood => attack == "all" || flood.Name == attack))
    {
        await new AttackFigures(new IPEndPoint(IPAddress.Loopback, against ?? 0), flood, TimeSpan.FromSeconds(seconds)).RunAsync();
    }

    return 0;
}

if (table is not null)
{
    return await (IPEndPoint.TryParse(table, out var place) ? Http2Against.RunAsync(place) : Http2Against.RunAsync(table)) ? 0 : 1;
}

string[] targets = over == "all" ? ["head", "parser", "memory", "sockets", "epoll", "tls", "websocket", "http2"] : [over];
Console.WriteLine($"seed {seed}, {seconds} s over {string.Join(", ", targets)}");
foreach (var target in targets)
{
    var time = TimeSpan.FromSeconds((double)seconds / targets.Length);
    var isWell = target switch
    {
        "tls" => await TlsFuzz.RunAsync(time, seed, only),
        "http2" when against is { } other => await Http2FuzzRun.AgainstAsync(other, time, seed, only),
        "http2" => await Http2FuzzRun.RunAsync(time, seed, only, isTls, goesOn),
        "websocket" => await WebSocketFuzz.RunAsync(time, seed, only),
        _ => await FuzzAsync(target, time, seed),
    };
    if (!isWell)
    {
        return 1;
    }
}

return 0;

static async Task<bool> FuzzAsync(string target, TimeSpan time, int seed)
{
    var seeds = Corpus.Seeds();
    await using var server = target is "head" or "parser" ? null : await ServerCheck.StartAsync(target);
    var clock = Stopwatch.StartNew();
    var count = 0L;
    var failed = false;

    // One for each core; over a server each waits most of the time, so more of them.
    var fuzzers = Enumerable.Range(0, Environment.ProcessorCount * (server is null ? 1 : 4)).Select(number => Task.Run(async () =>
    {
        var random = new Random(HashCode.Combine(seed, target.Length, number));
        var mutator = new Mutator(random, seeds);
        while (clock.Elapsed < time && !Volatile.Read(ref failed))
        {
            var input = mutator.Next();
            if (server is not null)
            {
                // A stream of them, and a good request behind that is answered once or never.
                for (var more = random.Next(3); more > 0; more--)
                {
                    input = [.. input, .. mutator.Next()];
                }

                input = [.. input, .. "GET /marker HTTP/1.1\r\nHost: a\r\n\r\n"u8];
            }

            var split = random.Next(input.Length + 1);
            var problem = await FindAsync(input, split);
            Interlocked.Increment(ref count);
            if (problem is not null && !Interlocked.Exchange(ref failed, true))
            {
                var smallest = await Minimizer.MinimizeAsync(input, async smaller => await FindAsync(smaller, Math.Min(split, smaller.Length)) is not null);
                Console.WriteLine($"\n{target}: a finding, split at {split}: {problem}\n  {ParserCheck.Escape(Encoding.Latin1.GetString(input))}");
                Console.WriteLine($"cut down: {await FindAsync(smallest, Math.Min(split, smallest.Length))}\n  {ParserCheck.Escape(Encoding.Latin1.GetString(smallest))}");
                Console.WriteLine($"saved as {Corpus.Add(smallest)}");
            }
        }
    })).ToList();
    var all = Task.WhenAll(fuzzers);
    while (await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(10))) != all)
    {
        Console.WriteLine($"{target}: {Volatile.Read(ref count):N0} in {clock.Elapsed.TotalSeconds:F0} s");
    }

    await all;
    Console.WriteLine($"{target}: {count:N0} requests or streams in {clock.Elapsed.TotalSeconds:F0} s, {(failed ? "a finding" : "nothing found")}");
    return !failed;

    async Task<string?> FindAsync(byte[] input, int split)
    {
        try
        {
            return target == "head" ? HeadCheck.Find(input, split) ?? ParserCheck.Find(input, split)
                : server is null ? ParserCheck.Find(input, split)
                : await server.FindAsync(input, split);
        }
#pragma warning disable CA1031 // That anything throws is a finding.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception.ToString();
        }
    }
}
