using System.Text.RegularExpressions;

namespace PipeServer.Tests.Tls.Clients;

/// <summary><c>openssl s_client</c>: every version and suite, names, protocols, sessions, keys, and what is refused.</summary>
public sealed partial class OpenSslClientTests
{
    private const string Request = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    /// <summary>Mozilla's intermediate profile (version 5.7), without the suites of DHE, for which there is no client any more.</summary>
    public static TheoryData<TlsEngine, string, string> Suites
    {
        get
        {
            var suites = new TheoryData<TlsEngine, string, string>();
            foreach (var engine in TlsFuzz.Engines)
            {
                foreach (var suite in new[] { "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305" })
                {
                    suites.Add(engine, "localhost", "ECDHE-ECDSA-" + suite);
                    suites.Add(engine, "rsa.test", "ECDHE-RSA-" + suite);
                }

                foreach (var suite in new[] { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256" })
                {
                    suites.Add(engine, "localhost", suite);
                    suites.Add(engine, "rsa.test", suite);
                }
            }

            return suites;
        }
    }

    public static TheoryData<TlsEngine, string[]> Refused
    {
        get
        {
            var refused = new TheoryData<TlsEngine, string[]>();
            foreach (var engine in TlsFuzz.Engines)
            {
                // Old versions, offered by a client that would still speak them.
                refused.Add(engine, ["-tls1", "-cipher", "ALL:@SECLEVEL=0"]);
                refused.Add(engine, ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);

                // Suites without forward secrecy, without encryption or authentication, with CBC, with 3DES.
                foreach (var suite in new[] { "AES128-GCM-SHA256", "AES256-SHA", "NULL", "aNULL", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "DHE-RSA-AES128-SHA" })
                {
                    refused.Add(engine, ["-tls1_2", "-cipher", suite + ":@SECLEVEL=0"]);
                }
            }

            return refused;
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task Every_suite_of_the_profile(TlsEngine engine, string name, string suite)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        string[] version = suite.StartsWith("TLS_", StringComparison.Ordinal) ? ["-tls1_3", "-ciphersuites", suite] : ["-tls1_2", "-cipher", suite];
        var output = await AskAsync(host, ["-servername", name, "-verify_hostname", name, "-alpn", "http/1.1", .. version]);
        Assert.Contains("Hello, World!", output);
        Assert.Contains($"Cipher is {suite}", output);
        Assert.Contains("Verify return code: 0 (ok)", output);
        Assert.Contains("ALPN protocol: http/1.1", output);
        Assert.Contains("Compression: NONE", output);
        Assert.Contains("Secure Renegotiation IS " + (suite.StartsWith("TLS_", StringComparison.Ordinal) ? "NOT supported" : "supported"), output);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_is_not_safe_is_refused(TlsEngine engine, string[] options)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        var (exitCode, output) = await StartAsync(host, ["-servername", "localhost", .. options]);
        Assert.NotEqual(0, exitCode);
        Assert.DoesNotContain("Hello, World!", output);
        Assert.Contains("(NONE), Cipher is (NONE)", output);
        Assert.DoesNotContain("no cipher match", output); // the client itself

        // Told why, and not cut off.
        Assert.Matches("alert (protocol version|handshake failure)|no protocols available", output);
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Names(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            foreach (var (options, subject) in new (string[], string)[]
            {
                (["-servername", "localhost"], "CN = localhost"),
                (["-servername", "LocalHost"], "CN = localhost"),
                (["-servername", "rsa.test"], "CN = rsa.test"),
                (["-servername", "RSA.TEST"], "CN = rsa.test"),
                (["-servername", "unknown.test"], "CN = localhost"),
                (["-servername", new string('x', 63) + "." + new string('y', 63) + ".test"], "CN = localhost"),
                (["-noservername"], "CN = localhost"),
            })
            {
                var output = await AskAsync(host, [version, .. options]);
                Assert.Contains("subject=" + subject, output);
                Assert.Contains("Hello, World!", output);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Protocols(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            Assert.Contains("ALPN protocol: http/1.1", await AskAsync(host, [version, "-alpn", "h3,http/1.1"]));
            Assert.Contains("ALPN protocol: h2", (await StartAsync(host, [version, "-alpn", "http/1.1,h2"])).Output);
            Assert.Contains("No ALPN negotiated", await AskAsync(host, [version]));
            foreach (var unknown in new[] { "h2c", "http/1", "http/1.1x", "HTTP/1.1" })
            {
                var (exitCode, output) = await StartAsync(host, [version, "-alpn", unknown]);
                Assert.NotEqual(0, exitCode);
                Assert.Contains("no application protocol", output);
                Assert.DoesNotContain("Hello, World!", output);
            }
        }
    }

    // The engine on SslStream resumes none; a client that offers it an old session gets a whole handshake.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Sessions(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            var session = Path.Combine(host.Folder, "session.pem");
            File.Delete(session);
            var first = await AskAsync(host, [version, "-servername", "localhost", "-sess_out", session]);
            Assert.Contains("New, ", first);
            var isResumable = File.Exists(session);
            Assert.True(isResumable || engine == TlsEngine.SslStream, $"no session to keep: {first}");
            if (!isResumable)
            {
                continue;
            }

            var again = await AskAsync(host, [version, "-servername", "localhost", "-sess_in", session]);
            Assert.Contains("Hello, World!", again);
            Assert.Contains(engine == TlsEngine.OpenSsl ? "Reused, " : ", Cipher is ", again);

            // A session of one name is none of another's.
            var other = await AskAsync(host, [version, "-servername", "rsa.test", "-sess_in", session]);
            Assert.Contains("Hello, World!", other);
            Assert.Contains("New, ", other);

            // No early data: a ticket that allows it says so.
            Assert.DoesNotMatch("Max Early Data: [1-9]", first);
        }
    }

    // RFC 8446 §4.6.3: a client may change its key at any time and ask the server to change its own.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Keys_are_changed(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        var (_, output) = await ClientProgram.StartAsync("openssl", Arguments(host, "-tls1_3", "-no_ign_eof"), async input =>
        {
            foreach (var command in new[] { "K\n", "k\n", "K\n" })
            {
                await input.WriteAsync(command);
                await Task.Delay(500); // a command is one that comes alone, on a busy machine too
                await input.WriteAsync("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n");
                await Task.Delay(500);
            }

            await input.WriteAsync(Request);
            await Task.Delay(300);
            await input.DisposeAsync();
        });
        Assert.Equal(4, Hello().Count(output));
        Assert.Equal(3, KeyUpdate().Count(output));
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task No_renegotiation(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        var (_, output) = await ClientProgram.StartAsync("openssl", Arguments(host, "-tls1_2", "-no_ign_eof"), async input =>
        {
            await Task.Delay(100);
            await input.WriteAsync("R\n");
            await Task.Delay(300);
            await input.WriteAsync("Q\n");
            await input.DisposeAsync();
        });
        Assert.Contains("RENEGOTIATING", output);
        Assert.Matches("no renegotiation|alert|:error:|unexpected eof|errno=104", output[output.IndexOf("RENEGOTIATING", StringComparison.Ordinal)..]);
    }

    // Small records, few bytes of each side, and a client that reads in small pieces.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Small_records(TlsEngine engine)
    {
        ClientProgram.SkipWithout("openssl");
        await using var host = await TlsHost.StartAsync(engine);
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            Assert.Contains("Hello, World!", await AskAsync(host, [version, "-max_send_frag", "512", "-split_send_frag", "512", "-maxfraglen", "512"]));
        }
    }

    private static string[] Arguments(TlsHost host, params string[] options) =>
    [
        "s_client", "-connect", $"127.0.0.1:{host.EndPoint.Port}", "-CAfile", host.AuthorityFile, "-verify_return_error", .. options,
    ];

    private static async Task<string> AskAsync(TlsHost host, params string[] options)
    {
        var (exitCode, output) = await StartAsync(host, options);
        Assert.True(exitCode == 0, $"s_client {string.Join(' ', options)} ended with {exitCode}: {output}");
        return output;
    }

    private static Task<(int ExitCode, string Output)> StartAsync(TlsHost host, params string[] options) =>
        ClientProgram.StartAsync("openssl", Arguments(host, ["-ign_eof", .. options]), static async input =>
        {
            await input.WriteAsync(Request);
            await input.DisposeAsync();
        });

    [GeneratedRegex("Hello, World!")]
    private static partial Regex Hello();

    [GeneratedRegex("KEYUPDATE")]
    private static partial Regex KeyUpdate();
}
