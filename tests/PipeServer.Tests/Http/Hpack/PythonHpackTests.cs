using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>python3-hpack decodes what we encode. What it encodes is in <c>vectors.txt</c>, for which it need not be installed.</summary>
public sealed class PythonHpackTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has Debian's modules

    [Fact]
    public async Task Responses_are_what_python_decodes()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed.");
        var (exitCode, output) = await ClientProgram.StartAsync(Python, "-c", "import hpack");
        Assert.SkipUnless(exitCode == 0, $"python3-hpack is not installed: {output}");

        var (blocks, expected) = (new StringBuilder(), new StringBuilder());
        var random = new Random(9113);
        for (var count = 0; count < 300; count++)
        {
            var (block, text) = Response(random);
            blocks.AppendLine(Convert.ToHexString(block));
            expected.Append(text);
        }

        // One decoder for all: they are blocks of one connection.
        const string Script = """
            import hpack, sys
            decoder = hpack.Decoder()
            for line in sys.stdin:
                for name, value in decoder.decode(bytes.fromhex(line), raw=True):
                    print(name.hex(), value.hex())
                print('-')
            """;
        (exitCode, output) = await ClientProgram.StartAsync(Python, ["-c", Script], async input =>
        {
            await input.WriteAsync(blocks);
            await input.DisposeAsync();
        });
        Assert.True(exitCode == 0, output);
        Assert.Equal(expected.ToString(), output);
    }

    private static (byte[] Block, string Text) Response(Random random)
    {
        var names = HpackVectors.All.Static.Select(static field => field.Name)
            .Where(static name => name[0] != ':' && name is not ("transfer-encoding" or "server"))
            .Concat(["X-Some-Name", "x", "Content-Security-Policy"]).ToArray();
        var fields = new HeaderFields();
        var status = random.Next(100, 1000);
        var text = new StringBuilder(Hex(":status", status.ToString()));
        var date = new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next());
        text.Append(Hex("server", "PipeServer")).Append(Hex("date", DateHeader.Format(date)));
        var type = new ContentTypeLine("text/html; charset=utf-8", "text/html; charset=utf-8"u8);
        text.Append(Hex("content-type", type.Value));
        var length = random.NextInt64(long.MaxValue >> random.Next(63));
        text.Append(Hex("content-length", length.ToString()));
        var shortened = new string((char)random.Next(128, 256), random.Next(5)) + new string((char)random.Next(97, 123), random.Next(50)) + "x";
        var prepared = new PreparedResponse(200, [new("X-Prepared", shortened)], "body"u8.ToArray());
        text.Append(Hex("content-length", "4")).Append(Hex("x-prepared", shortened));
        for (var count = random.Next(8); count > 0; count--)
        {
            var name = names[random.Next(names.Length)];
            var value = new byte[random.Next(random.Next(5) == 0 ? 600 : 30)];
            random.NextBytes(value);
            fields.Append(Encoding.ASCII.GetBytes(name), value);
            text.Append(Hex(name.ToLowerInvariant(), value));
        }

        text.Append("-\n");
        var server = DateHeader.CreateHttp2Block(date, ServerFields.Default);
        var buffer = new byte[ResponseBlock.MaxBytes(server, fields, type, prepared.Http2Fields)];
        var written = ResponseBlock.Write(buffer, status, server, fields, type, length, prepared.Http2Fields);
        return (buffer[..written], text.ToString());
    }

    private static string Hex(string name, string value) => Hex(name, Encoding.Latin1.GetBytes(value));

    private static string Hex(string name, ReadOnlySpan<byte> value) =>
        $"{Convert.ToHexStringLower(Encoding.Latin1.GetBytes(name))} {Convert.ToHexStringLower(value)}\n";
}
