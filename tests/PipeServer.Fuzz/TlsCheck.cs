using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Fuzz;

/// <summary>
/// Attacks a server's TLS: each connection is one of a good client whose records are cut and delayed, of one whose records are damaged or end anywhere,
/// of one that sends only strange records, or of one that encrypts what no client should send. Who is good is answered, what anybody gets is right,
/// every connection comes to its end, and in the end nothing is left.
/// </summary>
internal sealed class TlsCheck : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpServer _server;
    private readonly ITransport _transport;
    private readonly FaultLog _log;
    private readonly FuzzCertificate _certificate;

    private TlsCheck(HttpServer server, ITransport transport, FaultLog log, FuzzCertificate certificate)
    {
        _server = server;
        _transport = transport;
        _log = log;
        _certificate = certificate;
    }

    public static async Task<TlsCheck> StartAsync(TlsEngine engine, string transport)
    {
        var used = Transports.Create(transport);
        var log = new FaultLog();
        var certificate = new FuzzCertificate();
        var options = new HttpServerOptions { Workers = 2, Transport = used, LoggerFactory = log, ShutdownGracePeriod = TimeSpan.FromSeconds(10) };
        options.Endpoints.Add(new HttpEndpoint(System.Net.IPAddress.Loopback, 0) { Tls = new TlsOptions { Certificates = certificate, Engine = engine } });
        var server = new HttpServer(options);
        ProtocolServer.Map(server);
        await server.StartAsync();
        return new TlsCheck(server, used, log, certificate);
    }

    /// <summary>One connection; null, or what should not have happened.</summary>
    /// <param name="seed">Decides on everything but time.</param>
    public async Task<string?> FindAsync(int seed)
    {
        var random = new Random(seed);
        using var end = await ClientEnd.ConnectAsync(_server, _transport);
        var kind = random.Next(8);
        var problem = kind switch
        {
            <= 1 => await GoodAsync(end, random),
            <= 3 => await DamagedAsync(end, random),
            4 => await StrangeAsync(end, random),
            _ => await EncryptedAsync(end, random),
        };
        return problem is null && _log.Faults.Count == 0 ? null : $"{problem} {string.Join('\n', _log.Faults)}".Trim();
    }

    /// <summary>Stops the server; null, or what is left behind.</summary>
    public async Task<string?> EndAsync()
    {
        var report = await _server.StopAsync();
        var (connections, requests) = (_server.Connections, _server.Requests);
        return connections.Accepted != connections.Closed + connections.Aborted + connections.Refused ? $"the ledger of connections does not add up: {connections}"
            : requests.InFlight != 0 ? $"the ledger of requests does not add up: {requests}"
            : _log.Faults.Count > 0 ? string.Join('\n', _log.Faults)
            : report.Outcome != ShutdownOutcome.Drained ? $"the stop was not clean: {report}"
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
    }

    // A library's client, its records in any pieces, and any way to end.
    private static async Task<string?> GoodAsync(ClientEnd end, Random random)
    {
        var answers = new TlsAnswers();
        var mangled = new MangledStream(end.Stream, random) { MaxPiece = random.Next(3) switch { 0 => 1, 1 => random.Next(2, 3000), _ => 0 } };
        using var client = new SslStream(mangled, leaveInnerStreamOpen: true);
        try
        {
            await client.AuthenticateAsClientAsync(Options(random)).WaitAsync(Patience);
            var reading = answers.ReadAsync(client);
            await TalkAsync(client, answers, random).WaitAsync(Patience);
            switch (random.Next(4))
            {
                case 0:
                    if (!await TryShutdownAsync(client, mangled, reading)) // the half-close of TLS: all is answered that came before
                    {
                        await WaitForAllAsync(answers);
                    }

                    break;
                case 1:
                    await WaitForAllAsync(answers);
                    if (await TryShutdownAsync(client, mangled, reading))
                    {
                        await TryWriteAsync(end, StrangeRecords.Next(random)); // behind close_notify there is nothing
                    }

                    break;
                case 2:
                    await WaitForAllAsync(answers);
                    break;
                default:
                    await WaitForAllAsync(answers);
                    end.Leave();
                    return answers.Find(mayMiss: false);
            }

            end.EndSending();
            await reading.WaitAsync(Patience);
            return answers.Find(mayMiss: false) ?? await EndedAsync(end);
        }
        catch (TimeoutException)
        {
            return $"a good client hangs: {answers.Find(mayMiss: false)}";
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            return $"a good client fails: {exception}";
        }
    }

    // The same client, but what it sends is damaged, or ends somewhere.
    private static async Task<string?> DamagedAsync(ClientEnd end, Random random)
    {
        var answers = new TlsAnswers();
        var isStopped = random.Next(2) == 0;
        var limit = random.Next(4) == 0 ? random.Next(20_000) : random.Next(1500);
        var mangled = new MangledStream(end.Stream, random)
        {
            MaxPiece = random.Next(3) == 0 ? random.Next(1, 200) : 0,
            StopAfter = isStopped ? limit : int.MaxValue,
            DamageAfter = isStopped ? int.MaxValue : limit,
        };
        using var client = new SslStream(mangled, leaveInnerStreamOpen: true);
        var script = TryAsync();
        await Task.WhenAny(script, Task.Delay(random.Next(5, 200)));
        if (random.Next(3) == 0)
        {
            end.Leave();
            return await IsOverAsync(script) ? answers.Find(mayMiss: true) : "a client that has left hangs";
        }

        end.EndSending();
        return !await IsOverAsync(script) ? "the server does not end a damaged connection" : answers.Find(mayMiss: true) ?? await EndedAsync(end);

        async Task TryAsync()
        {
            try
            {
                await client.AuthenticateAsClientAsync(Options(random));
                var reading = answers.ReadAsync(client);
                await TalkAsync(client, answers, random);
                await TryShutdownAsync(client, mangled, reading);
                await reading;
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException or ObjectDisposedException or InvalidOperationException or NullReferenceException)
            {
                // It is to fail.
            }
        }
    }

    // Nothing that is a handshake, or not to the end.
    private static async Task<string?> StrangeAsync(ClientEnd end, Random random)
    {
        var answer = new MemoryStream();
        var reading = ReadRawAsync(end, answer);
        var isHttp = random.Next(6) == 0;
        byte[] bytes = isHttp ? [.. "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8] : random.Next(2) == 0 ? StrangeRecords.Hello() : [];
        for (var count = isHttp ? 0 : random.Next(1, 5); count > 0; count--)
        {
            bytes = [.. bytes, .. StrangeRecords.Next(random), .. random.Next(4) == 0 ? StrangeRecords.Hello() : []];
        }

        var mangled = new MangledStream(end.Stream, random) { MaxPiece = random.Next(3) == 0 ? random.Next(1, 100) : 0 };
        try
        {
            await mangled.WriteAsync(bytes).AsTask().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            return "the server neither takes strange records nor ends the connection";
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // It has had enough.
        }

        await Task.WhenAny(reading, Task.Delay(random.Next(3) == 0 ? random.Next(1, 50) : 0));
        end.EndSending();
        return await IsOverAsync(reading) ? CheckRaw(answer.ToArray(), isHttp) : "the server does not end a connection of strange records";
    }

    // A client that can encrypt anything.
    private static async Task<string?> EncryptedAsync(ClientEnd end, Random random)
    {
        var answers = new TlsAnswers();
        using var client = new Tls13Client(new MangledStream(end.Stream, random) { MaxPiece = random.Next(3) == 0 ? random.Next(1, 2000) : 0 });
        var attack = new EncryptedAttack(client, answers, random);
        try
        {
            await attack.RunAsync().WaitAsync(Patience);
            end.EndSending();
            return answers.Find(mayMiss: attack.IsBroken) ?? (attack.HasNoCloseNotify ? "the server ended without a close_notify" : null) ?? await EndedAsync(end);
        }
        catch (TimeoutException)
        {
            return $"the server does not end it after {attack}: {answers.Find(mayMiss: false)}";
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            end.EndSending();
            return attack.IsBroken ? answers.Find(mayMiss: true) ?? await EndedAsync(end) : $"a good client fails after {attack}: {exception}";
        }
    }

    private static SslClientAuthenticationOptions Options(Random random) => new()
    {
        TargetHost = random.Next(3) switch { 0 => "", 1 => "localhost", _ => "unknown.example" },
        EnabledSslProtocols = random.Next(2) == 0 ? SslProtocols.Tls12 : SslProtocols.Tls13,
        ApplicationProtocols = random.Next(2) == 0 ? null : [SslApplicationProtocol.Http11],
#pragma warning disable CA5359 // The certificate has signed itself, a moment ago.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };

    private static async Task TalkAsync(SslStream client, TlsAnswers answers, Random random)
    {
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var bytes = Request(answers, random);
            for (var at = 0; at < bytes.Length;)
            {
                var size = random.Next(3) == 0 ? Math.Min(bytes.Length - at, random.Next(1, 500)) : bytes.Length - at;
                await client.WriteAsync(bytes.AsMemory(at, size));
                at += size;
            }

            if (random.Next(3) == 0)
            {
                await Task.Delay(random.Next(3));
            }
        }
    }

    /// <summary>A request, whose answer is expected from now on.</summary>
    public static byte[] Request(TlsAnswers answers, Random random)
    {
        if (random.Next(2) == 0)
        {
            var path = $"/{random.Next(1_000_000)}";
            answers.Expect(path);
            return Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        var body = new string((char)('a' + random.Next(26)), random.Next(10) == 0 ? random.Next(60_000) : random.Next(300));
        answers.Expect(body);
        return Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private static async Task WaitForAllAsync(TlsAnswers answers)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!answers.AreAll())
        {
            if (answers.Failure is not null)
            {
                throw new IOException("It has ended before all was answered.", answers.Failure);
            }

            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException();
            }

            await Task.Delay(1);
        }
    }

    // The framework's client cannot say that it ends while its read takes a ticket in ("shutdown while in init").
    private static async Task<bool> TryShutdownAsync(SslStream client, MangledStream mangled, Task reading)
    {
        try
        {
            await mangled.WhileReadWaitsAsync(reading, client.ShutdownAsync);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException || exception.GetType().Name == "SslException")
        {
            return false; // the client's own, where the server has ended meanwhile: the framework has no word for what OpenSSL says then
        }
    }

    private static async Task TryWriteAsync(ClientEnd end, byte[] bytes)
    {
        try
        {
            await end.Stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // The server has ended it already, which it may.
        }
    }

    private static async Task<bool> IsOverAsync(Task task) => await Task.WhenAny(task, Task.Delay(Patience)) == task;

    private static async Task<string?> EndedAsync(ClientEnd end) =>
        await IsOverAsync(ReadRawAsync(end, Stream.Null)) ? null : "the server does not end the connection";

    private static async Task ReadRawAsync(ClientEnd end, Stream received)
    {
        try
        {
            await end.Stream.CopyToAsync(received);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // A reset is an end, too.
        }
    }

    // Before a handshake has ended nothing is sent but records; only who speaks HTTP is told so in its own words.
    private static string? CheckRaw(byte[] received, bool isHttp)
    {
        if (received.AsSpan().StartsWith("HTTP/1.1 400 "u8))
        {
            return null;
        }

        if (isHttp)
        {
            return $"a plain request is answered by {received.Length} bytes that are no 400";
        }

        for (var at = 0; at < received.Length;)
        {
            if (received[at] is < Tls13Client.ChangeCipherSpec or > Tls13Client.ApplicationData || (at + 1 < received.Length && received[at + 1] != 3))
            {
                return $"what comes at {at} is no record: {ParserCheck.Escape(Encoding.Latin1.GetString(received, at, Math.Min(100, received.Length - at)))}";
            }

            at += at + 5 <= received.Length ? 5 + ((received[at + 3] << 8) | received[at + 4]) : 5;
        }

        return null;
    }
}
