using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>What responses are encoded to: read back by the reference, and byte by byte where bytes matter.</summary>
public sealed class ResponseBlockTests
{
    private static readonly DateTimeOffset Now = new(1994, 11, 6, 8, 49, 37, TimeSpan.Zero);

    [Fact]
    public void Every_status_is_encoded()
    {
        for (var status = 100; status <= 999; status++)
        {
            Assert.Equal($":status: {status}", Write(status));
        }
    }

    [Fact]
    public void A_head_has_all_that_it_is_given()
    {
        var fields = new HeaderFields();
        fields.Append("ETag"u8, "\"x\""u8);
        fields.Append("X-Custom-Name"u8, "\u00e9 1"u8);
        Assert.Equal(
            ":status: 200|server: PipeServer|date: Sun, 06 Nov 1994 08:49:37 GMT|content-type: text/plain; charset=utf-8|content-length: 13|vary: accept"
                + "|etag: \"x\"|x-custom-name: \u00c3\u00a9 1",
            Write(
                200, DateHeader.CreateHttp2Block(Now, ServerFields.Default), fields, new ContentTypeLine("text/plain; charset=utf-8", "text/plain; charset=utf-8"u8), 13,
                "Vary: accept\r\n"));
    }

    [Fact]
    public void An_informational_one_has_only_its_fields()
    {
        var fields = new HeaderFields();
        fields.Append("Link"u8, "</a>"u8);
        Assert.Equal(":status: 103|link: </a>", Write(103, fields: fields));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(1234567)]
    [InlineData(long.MaxValue)]
    public void Lengths(long length) => Assert.Equal($":status: 204|content-length: {length}", Write(204, contentLength: length));

    [Fact]
    public void A_handlers_Server_goes_instead_of_the_servers()
    {
        var fields = new HeaderFields();
        fields.Append("Server"u8, "mine"u8);
        Assert.Equal(":status: 404|date: Sun, 06 Nov 1994 08:49:37 GMT|server: mine", Write(404, DateHeader.CreateHttp2Block(Now, ServerFields.Default), fields));
        Assert.Equal(":status: 100|server: mine", Write(100, fields: fields));
    }

    // RFC 9113 §8.2.2: a handler may have been written for HTTP/1.
    [Fact]
    public void Fields_about_an_HTTP1_connection_are_not_sent()
    {
        var fields = new HeaderFields();
        foreach (var name in (string[])["Upgrade", "Keep-Alive", "Proxy-Connection", "Connection", "Transfer-Encoding", "X-Upgrade", "Upgrades"])
        {
            fields.Append(Encoding.ASCII.GetBytes(name), "x"u8);
        }

        Assert.Equal(":status: 200|x-upgrade: x|upgrades: x", Write(200, fields: fields));
        Assert.Equal("a: b", Text(ResponseBlock.EncodeLines("Connection: close\r\nA: b\r\nUPGRADE: x\r\n"u8)));
    }

    [Fact]
    public void A_removed_field_leaves_nothing()
    {
        var fields = new HeaderFields();
        fields.Append("A"u8, "1"u8);
        fields.Append("B"u8, "2"u8);
        fields.Remove("A"u8);
        Assert.Equal(":status: 200|b: 2", Write(200, fields: fields));
    }

    // In any case, as handlers spell them; and one letter off is no name of the table.
    [Fact]
    public void Every_name_of_the_static_table_takes_its_place()
    {
        foreach (var (name, _) in HpackVectors.All.Static.Where(static field => field.Name[0] != ':'))
        {
            var index = HpackVectors.All.Static.FindIndex(field => field.Name == name) + 1;
            Assert.Equal(index, StaticTable.Shared.FindName(Encoding.ASCII.GetBytes(name.ToUpperInvariant())));
            Assert.Equal(0, StaticTable.Shared.FindName(Encoding.ASCII.GetBytes(name[..^1] + "_")));
            Assert.Equal(0, StaticTable.Shared.FindName(Encoding.ASCII.GetBytes(name + "s")));
        }

        Assert.Equal(0, StaticTable.Shared.FindName(":status"u8));
        Assert.Equal(0, StaticTable.Shared.FindName(Encoding.ASCII.GetBytes(new string('x', 500))));
    }

    // RFC 7541 §7.1.3: an intermediary must not keep them in a table, where they could be guessed.
    [Theory]
    [InlineData("Authorization", "Basic aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true)]
    [InlineData("Proxy-Authorization", "x", true)]
    [InlineData("Set-Cookie", "a=0123456789abcdefg", true)] // 19 bytes
    [InlineData("Set-Cookie", "a=0123456789abcdefgh", false)] // 20: too many to guess
    [InlineData("Cookie", "a", true)]
    [InlineData("ETag", "a", false)]
    [InlineData("X-Other", "a", false)]
    public void Short_secrets_are_never_indexed(string name, string value, bool isNever)
    {
        var buffer = new byte[200];
        HpackEncoder.Write(buffer, Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
        Assert.Equal(isNever, (buffer[0] & 0x10) != 0);
        Assert.Equal(isNever, (HpackEncoder.Encode(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value))[0] & 0x10) != 0);
    }

    [Fact]
    public void Any_fields_fit_in_what_was_asked_for()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var fields = new HeaderFields();
            for (var count = random.Next(6); count > 0; count--)
            {
                fields.Append(Encoding.ASCII.GetBytes(new string('N', random.Next(1, 300))), Encoding.ASCII.GetBytes(new string('v', random.Next(400))));
            }

            var expected = string.Concat(Enumerable.Range(0, fields.Count).Select(index =>
                $"|{Encoding.ASCII.GetString(fields.Name(index)).ToLowerInvariant()}: {Encoding.ASCII.GetString(fields.Value(index))}"));
            Assert.Equal(":status: 599|content-length: 9223372036854775807" + expected, Write(599, fields: fields, contentLength: long.MaxValue));
            var trailers = new byte[ResponseBlock.MaxTrailerBytes(fields)];
            Assert.Equal(expected.TrimStart('|'), Text(trailers.AsSpan(0, ResponseBlock.WriteTrailers(trailers, fields))));
        }
    }

    [Fact]
    public void What_is_encoded_beforehand_is_as_short_as_it_can_be()
    {
        var block = DateHeader.CreateHttp2Block(Now, ServerFields.Default);
        Assert.Equal("server: PipeServer|date: Sun, 06 Nov 1994 08:49:37 GMT", Text(block));
        Assert.Equal("date: Sun, 06 Nov 1994 08:49:37 GMT", Text(DateHeader.Http2WithoutServer(block)));
        Assert.True(DateHeader.Http2WithoutServer(default).IsEmpty);
        Assert.Equal(37, block.Length); // of 45 without shortening

        // Each day of a year has its own length.
        Assert.All(
            Enumerable.Range(0, 366 * 24),
            static hour => Assert.InRange(DateHeader.CreateHttp2Block(Now.AddHours(hour), ServerFields.Default).Length, 30, 48));

        var type = new ContentTypeLine("application/json", "application/json"u8);
        Assert.Equal("content-type: application/json", Text(type.Http2));
        Assert.Same(type.Http2, type.Http2);
        Assert.Equal(14, type.Http2.Length);
        Assert.Equal(3 + 3, HpackEncoder.Encode("ETag"u8, "<>|"u8).Length); // as it is where that is shorter
    }

    [Fact]
    public void A_prepared_response_has_its_fields_for_HTTP2()
    {
        var response = new PreparedResponse(
            200, [new("Content-Type", "text/html"), new("Server", "mine"), new("Keep-Alive", "x"), new("X-\u0041", " \u00e9 ")], "12345"u8.ToArray());
        Assert.Equal("content-length: 5|content-type: text/html|server: mine|x-a: \u00e9", Text(response.Http2Fields));
        Assert.Same(response.Http2Fields, response.Http2Fields);
        Assert.Equal("", Text(new PreparedResponse(304, []).Http2Fields));
    }

    [Fact]
    public void Strict_Transport_Security_has_a_form_for_HTTP2()
    {
        Assert.Equal("strict-transport-security: max-age=1; preload", Text(new ConnectionLines("max-age=1; preload").Http2));
        Assert.Empty(ConnectionLines.Plain.Http2);
    }

    private static string Write(
        int status, byte[]? serverAndDate = null, HeaderFields? fields = null, ContentTypeLine? type = null, long contentLength = -1, string prepared = "")
    {
        fields ??= new HeaderFields();
        var encoded = ResponseBlock.EncodeLines(Encoding.ASCII.GetBytes(prepared));
        var buffer = new byte[ResponseBlock.MaxBytes(serverAndDate, fields, type, encoded)];
        return Text(buffer.AsSpan(0, ResponseBlock.Write(buffer, status, serverAndDate, fields, type, contentLength, encoded)));
    }

    private static string Text(ReadOnlySpan<byte> block)
    {
        var reference = new HpackReference();
        var fields = reference.Decode(block);
        Assert.NotNull(fields);
        Assert.Equal(0, reference.TableSize); // no block depends on another
        return string.Join('|', fields.Select(static one => $"{one.Name}: {one.Value}"));
    }
}
