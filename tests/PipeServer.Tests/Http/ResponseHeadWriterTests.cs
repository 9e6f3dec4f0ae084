using System.Buffers;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

public sealed class ResponseHeadWriterTests
{
    private static readonly byte[] Block = DateHeader.CreateBlock(new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero), ServerFields.Default);

    [Fact]
    public void A_head_is_status_line_standard_fields_framing_and_the_handlers_fields()
    {
        var fields = new HeaderFields();
        fields.Append("X-One"u8, "1"u8);
        fields.Append("Set-Cookie"u8, ""u8);
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nServer: PipeServer\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 9223372036854775807\r\n"
            + "Connection: keep-alive\r\nX-One: 1\r\nSet-Cookie: \r\n\r\n",
            Write(200, fields, ResponseFraming.ContentLength, long.MaxValue, ConnectionLines.Plain.KeepAlive));
    }

    [Fact]
    public void The_handlers_Server_field_replaces_ours()
    {
        var fields = new HeaderFields();
        fields.Append("server"u8, "mine"u8);
        Assert.Equal(
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nserver: mine\r\n\r\n",
            Write(404, fields, ResponseFraming.Chunked, 0, ConnectionLines.Plain.Close));
    }

    // RFC 9112 §4: the space after the code is there even without a reason phrase.
    [Fact]
    public void An_unregistered_status_has_an_empty_reason() =>
        Assert.StartsWith("HTTP/1.1 299 \r\n", Write(299, null, ResponseFraming.None, 0, null));

    [Fact]
    public void Every_reason_of_the_error_table_has_a_status_with_a_phrase_words_and_a_section()
    {
        foreach (var error in Enum.GetValues<RequestError>().Where(static error => error != RequestError.None))
        {
            Assert.NotEqual("", StatusLine.ReasonPhrase(RequestErrors.Status(error)));
            Assert.StartsWith("RFC ", RequestErrors.Section(error));
            Assert.NotEqual("", RequestErrors.Text(error));
            Assert.StartsWith(RequestErrors.Status(error).ToString(), Encoding.ASCII.GetString(RequestErrors.Body(error)));
        }
    }

    // The fast start of a head and the full writer say the same for every status, each number of digits and each connection.
    [Fact]
    public void The_start_of_an_ordinary_head_is_that_of_any_other()
    {
        var okBlock = DateHeader.CreateOkBlock(new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero), ServerFields.Default);
        var buffer = new byte[ResponseHeadWriter.MaxBeginBytes];
        long[] lengths = [-1, .. Enumerable.Range(0, 12_000), 65_535, 99_999, 100_000, 1_000_000, int.MaxValue, long.MaxValue];
        var secure = new ConnectionLines("max-age=2147483647; includeSubDomains; preload");
        byte[]?[] connections =
        [
            null, ConnectionLines.Plain.Close, ConnectionLines.Plain.KeepAlive, ConnectionLines.Plain.Upgrade,
            secure.Open, secure.Close, secure.KeepAlive, secure.Upgrade,
        ];
        foreach (var length in lengths)
        {
            AssertSame(200, length, null);
        }

        foreach (var status in Enumerable.Range(100, 900))
        {
            foreach (var connection in connections)
            {
                AssertSame(status, 1234, connection);
                AssertSame(status, long.MaxValue, connection);
            }
        }

        void AssertSame(int status, long contentLength, byte[]? connection)
        {
            buffer.AsSpan().Fill((byte)'!'); // what was there before shows nowhere
            var written = ResponseHeadWriter.Begin(buffer, status, okBlock, contentLength, connection);
            var framing = contentLength < 0 ? ResponseFraming.None : ResponseFraming.ContentLength;
            Assert.Equal(Write(status, null, framing, contentLength, connection), Encoding.ASCII.GetString(buffer, 0, written) + "\r\n");
        }
    }

    [Fact]
    public void Fields_are_sent_the_same_with_a_gap_among_them()
    {
        var fields = new HeaderFields();
        fields.Append("X-Gone"u8, "a"u8);
        fields.Append("X-One"u8, "1"u8);
        fields.Append("x-gone"u8, "b"u8);
        fields.Append("X-Two"u8, ""u8);
        Assert.True(fields.TryGetLines(out var lines));
        Assert.Equal("X-Gone: a\r\nX-One: 1\r\nx-gone: b\r\nX-Two: \r\n", Encoding.ASCII.GetString(lines));
        Assert.True(fields.Remove("X-GONE"u8));
        Assert.False(fields.TryGetLines(out _));
        Assert.EndsWith("GMT\r\nX-One: 1\r\nX-Two: \r\n\r\n", Write(200, fields, ResponseFraming.None, 0, null));
        fields.Clear();
        Assert.True(fields.TryGetLines(out lines) && lines.IsEmpty);
    }

    private static string Write(int status, HeaderFields? fields, ResponseFraming framing, long length, byte[]? connection)
    {
        var output = new ArrayBufferWriter<byte>();
        ResponseHeadWriter.Write(output, status, Block, fields, framing, length, connection);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
