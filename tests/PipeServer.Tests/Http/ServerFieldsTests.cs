using System.Buffers;
using System.Text;
using PipeServer.Http;
using PipeServer.Tests.Http.Hpack;

namespace PipeServer.Tests.Http;

/// <summary>The Server and Date fields in each of their forms, and the two ways of a head with them.</summary>
public sealed class ServerFieldsTests
{
    private static readonly DateTimeOffset Now = new(1994, 11, 6, 8, 49, 37, TimeSpan.Zero);

    public static TheoryData<string, bool> Forms => new()
    {
        { "PipeServer", true }, { "PipeServer", false }, { "", true }, { "", false }, { "nginx", true }, { "A/1.0 (B) c", false }, { new string('x', 32), true },
        { new string('~', 32), true }, { new string('1', 31), true },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Both_protocols_have_the_same_fields(string server, bool hasDate)
    {
        var fields = new ServerFields(server, hasDate);
        var expected = (server.Length > 0 ? $"server: {server}\r\n" : "") + (hasDate ? "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" : "");
        var lines = Encoding.ASCII.GetString(DateHeader.CreateBlock(Now, fields));
        Assert.Equal(expected, lines.Replace("Server: ", "server: ", StringComparison.Ordinal).Replace("Date: ", "date: ", StringComparison.Ordinal));
        var block = DateHeader.CreateHttp2Block(Now, fields);
        Assert.Equal(expected, Decode(block));
        Assert.Equal(hasDate ? "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" : "", Decode(DateHeader.Http2WithoutServer(block)));
        Assert.Equal(hasDate ? "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" : "", Encoding.ASCII.GetString(DateHeader.WithoutServer(DateHeader.CreateBlock(Now, fields))));
        Assert.Equal(lines, Encoding.ASCII.GetString(DateHeader.WithoutStatus(DateHeader.CreateOkBlock(Now, fields))));
    }

    // The fast start of a head is for the default fields; with any others it says the same as the full writer.
    [Theory]
    [MemberData(nameof(Forms))]
    public void The_start_of_an_ordinary_head_is_that_of_any_other(string server, bool hasDate)
    {
        var fields = new ServerFields(server, hasDate);
        var (okBlock, lines) = (DateHeader.CreateOkBlock(Now, fields), DateHeader.CreateBlock(Now, fields));
        Assert.Equal(server == "PipeServer" && hasDate, okBlock.Length == DateHeader.OkBlockBytes);
        foreach (var status in new[] { 200, 201, 304, 404, 511 })
        {
            var buffer = new byte[ResponseHeadWriter.MaxBeginBytes];
            var written = ResponseHeadWriter.Begin(buffer, status, okBlock, 12, ConnectionLines.Plain.KeepAlive);
            var output = new ArrayBufferWriter<byte>();
            ResponseHeadWriter.Write(output, status, lines, fields: null, ResponseFraming.ContentLength, 12, ConnectionLines.Plain.KeepAlive);
            Assert.Equal(Encoding.ASCII.GetString(output.WrittenSpan), Encoding.ASCII.GetString(buffer.AsSpan(0, written)) + "\r\n");
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a", true)]
    [InlineData("a b", true)]
    [InlineData(" a", false)]
    [InlineData("a ", false)]
    [InlineData("a\tb", false)]
    [InlineData("a\r\nb: c", false)]
    [InlineData("é", false)]
    [InlineData("12345678901234567890123456789012", true)]
    [InlineData("123456789012345678901234567890123", false)]
    public void A_value_is_visible_and_short(string value, bool isServer)
    {
        Assert.Equal(isServer, ServerFields.IsServer(value));
        var options = new HttpServerOptions { ServerHeader = value };
        if (isServer)
        {
            _ = new HttpServer(options);
        }
        else
        {
            Assert.Contains(nameof(HttpServerOptions.ServerHeader), Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
        }
    }

    private static string Decode(ReadOnlySpan<byte> block)
    {
        var fields = new HpackReference().Decode(block);
        Assert.NotNull(fields);
        return string.Concat(fields.Select(static field => $"{field.Name}: {field.Value}\r\n"));
    }
}
