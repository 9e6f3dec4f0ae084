using System.Diagnostics;
using System.Net;
using System.Text;

namespace PipeServer.Tests.Tls;

/// <summary>What clients send besides data: key updates, renegotiations, warnings, nothing at all; and that nothing of them is left behind.</summary>
public sealed class OpenSslControlTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_key_update_is_answered_and_the_connection_goes_on(string transport)
    {
        await using var server = await OpenSslServer.StartAsync(transport);
        var output = await TalkAsync(server, "-tls1_3", "GET /info HTTP/1.1\r\nHost: a\r\n\r\n", "K\n", "K\n", "GET /info HTTP/1.1\r\nHost: a\r\n\r\n", "k\n",
            "GET /info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(3, output.Split("resumed=False").Length - 1);
        Assert.Contains("KEYUPDATE", output);
    }

    [Fact]
    public async Task A_renegotiation_is_refused_and_the_connection_may_go_on()
    {
        await using var server = await OpenSslServer.StartAsync();
        var output = await TalkAsync(server, "-tls1_2", "GET /info HTTP/1.1\r\nHost: a\r\n\r\n", "R\n");
        Assert.Contains("RENEGOTIATING", output);
        Assert.Contains("no renegotiation", output);
        Assert.Contains("Tls12", await server.GetInfoAsync(static options => options.EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12));
    }

    // The commands of s_client count only at the beginning of what it reads at once, so each is sent when the last one has been heard of.
    private static async Task<string> TalkAsync(OpenSslServer server, string arguments, params string[] lines)
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/openssl"), "The program openssl is not installed. On Debian: apt install openssl");
        using var process = Process.Start(new ProcessStartInfo(
            "/usr/bin/openssl", $"s_client -connect 127.0.0.1:{((IPEndPoint)server.Server.EndPoints[0]).Port} -servername localhost {arguments}")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = new StringBuilder();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await Eventually.TrueAsync(() => Length() > 0, "it is connected");
            foreach (var line in lines)
            {
                var before = Length();
                await process.StandardInput.WriteAsync(line);
                await process.StandardInput.FlushAsync();
                await Eventually.TrueAsync(() => Length() > before, "it says something");
                await Task.Delay(100);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
            await reading.WaitAsync(TestClient.Patience);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        lock (output)
        {
            return output.ToString();
        }

        int Length()
        {
            lock (output)
            {
                return output.Length;
            }
        }

        async Task ReadAsync(StreamReader reader)
        {
            var buffer = new char[4096];
            while (await reader.ReadAsync(buffer) is > 0 and var count)
            {
                lock (output)
                {
                    output.Append(buffer, 0, count);
                }
            }
        }
    }
}
