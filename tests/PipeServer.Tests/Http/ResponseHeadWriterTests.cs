using System.Buffers;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

public sealed class ResponseHeadWriterTests
{
    private static readonly byte[] Block = DateHeader.CreateBlock(new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero));

    [Fact]
    public void A_head_is_status_line_standard_fields_framing_and_the_handlers_fields()
    {
        var fields = new HeaderFields();
        fields.Append("X-One"u8, "1"u8);
        fields.Append("Set-Cookie"u8, ""u8);
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nServer: PipeServer\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 9223372036854775807\r\n"
            + "Connection: keep-alive\r\nX-One: 1\r\nSet-Cookie: \r\n\r\n",
            Write(200, fields, ResponseFraming.ContentLength, long.MaxValue, ConnectionHeader.KeepAlive));
    }

    [Fact]
    public void The_handlers_Server_field_replaces_ours()
    {
        var fields = new HeaderFields();
        fields.Append("server"u8, "mine"u8);
        Assert.Equal(
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nserver: mine\r\n\r\n",
            Write(404, fields, ResponseFraming.Chunked, 0, ConnectionHeader.Close));
    }

    // RFC 9112 §4: the space after the code is there even without a reason phrase.
    [Fact]
    public void An_unregistered_status_has_an_empty_reason() =>
        Assert.StartsWith("HTTP/1.1 299 \r\n", Write(299, null, ResponseFraming.None, 0, ConnectionHeader.None));

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

    private static string Write(int status, HeaderFields? fields, ResponseFraming framing, long length, ConnectionHeader connection)
    {
        var output = new ArrayBufferWriter<byte>();
        ResponseHeadWriter.Write(output, status, Block, fields, framing, length, connection);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
