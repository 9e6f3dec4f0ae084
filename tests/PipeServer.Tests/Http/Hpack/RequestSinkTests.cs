using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>RFC 9113 §8.2 and §8.3: what a request of HTTP/2 may be, a row for each rule; and what the head says that comes of it.</summary>
public sealed class RequestSinkTests
{
    private const string Get = ":method=GET|:scheme=http|:path=/|:authority=h";

    private static readonly RequestLimits Limits = new(8192, 32768, 100);

    [Theory]
    [InlineData(Get)]
    [InlineData(":path=/|:authority=h|:scheme=https|:method=GET")] // in any order
    [InlineData(":method=GET|:scheme=HTTP|:path=/|host=h")] // Host instead of :authority
    [InlineData(Get + "|host=h")] // and both, equal
    [InlineData(Get + "|host=H")] // whatever their case (RFC 3986 §3.2.2)
    [InlineData(Get + "|te=trailers")]
    [InlineData(Get + "|te=Trailers")]
    [InlineData(Get + "|x=")] // an empty value
    [InlineData(Get + "|x=a b\tc")]
    [InlineData(Get + "|x=\u00e9\u00ff")] // obs-text
    [InlineData(Get + "|!#$%&'*+-.^_`~09az=x")]
    [InlineData(Get + "|content-length=0")]
    [InlineData(Get + "|expect=100-continue")]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=[::1]:8080")]
    [InlineData(":method=GET|:scheme=http|:path=/a%2fb/../c?d=e?|:authority=h:80")]
    [InlineData(":method=OPTIONS|:scheme=http|:path=*|:authority=h")]
    [InlineData(":method=PROPFIND|:scheme=http|:path=/|:authority=h")]
    [InlineData(":method=CONNECT|:authority=h:443")]
    [InlineData(":method=CONNECT|:protocol=websocket|:scheme=http|:path=/chat|:authority=h")]
    [InlineData(":method=CONNECT|:scheme=http|:path=/chat?x|:authority=h|:protocol=websocket")]
    public void Requests_that_are_well_formed(string fields)
    {
        var (status, head) = Decode(fields);
        Assert.Equal((HeadStatus.Complete, RequestError.None, RequestError.None), (status, head.Error, head.NonFatalError));
        Assert.True(head.KeepAlive);
        Assert.Equal(BodyFraming.None with { HasContentLength = fields.Contains("content-length", StringComparison.Ordinal) }, head.Framing);
    }

    [Theory]
    [InlineData("", RequestError.BadPseudoHeader)]
    [InlineData(":scheme=http|:path=/|:authority=h", RequestError.BadPseudoHeader)] // no :method
    [InlineData(":method=GET|:path=/|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=GET|:scheme=http|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=GET|:scheme=http|:path=/", RequestError.MissingHost)]
    [InlineData(Get + "|:method=GET", RequestError.BadPseudoHeader)] // twice
    [InlineData(Get + "|:scheme=http", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:path=/", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=GET|:scheme=http|x=y|:path=/|:authority=h", RequestError.BadPseudoHeader)] // behind a field
    [InlineData(":method=GET|:scheme=http|:path=/|host=h|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:status=200", RequestError.BadPseudoHeader)] // of responses
    [InlineData(Get + "|:x=y", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:=y", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:Path=/", RequestError.BadPseudoHeader)]
    [InlineData(Get + "|:protocol=websocket", RequestError.BadPseudoHeader)] // with CONNECT only
    [InlineData(":method=|:scheme=http|:path=/|:authority=h", RequestError.BadMethod)]
    [InlineData(":method=G ET|:scheme=http|:path=/|:authority=h", RequestError.BadMethod)]
    [InlineData(":method=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|:scheme=http|:path=/|:authority=h", RequestError.BadMethod)] // 33 bytes
    [InlineData(":method=GET|:scheme=|:path=/|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=GET|:scheme=ftp|:path=/|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=GET|:scheme=http|:path=|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=a|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=http://h/|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=*|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=OPTIONS|:scheme=http|:path=*a|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=/a b|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=/a#b|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=/a\u0000|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=/a\\b|:authority=h", RequestError.BadTarget)]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=", RequestError.BadHost)]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=user@h", RequestError.BadHost)] // userinfo
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=h:99999", RequestError.BadHost)]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=h,i", RequestError.BadHost)]
    [InlineData(":method=GET|:scheme=http|:path=/|host=", RequestError.BadHost)]
    [InlineData(":method=GET|:scheme=http|:path=/|host=h|host=h", RequestError.SeveralHosts)]
    [InlineData(Get + "|host=i", RequestError.BadHost)]
    [InlineData(Get + "|host=h|host=i", RequestError.BadHost)]
    [InlineData(Get + "|X=y", RequestError.BadFieldName)] // upper case
    [InlineData(Get + "|=y", RequestError.BadFieldName)]
    [InlineData(Get + "|a b=y", RequestError.BadFieldName)]
    [InlineData(Get + "|a:=y", RequestError.BadFieldName)]
    [InlineData(Get + "|a\u00e9=y", RequestError.BadFieldName)]
    [InlineData(Get + "|a\u007f=y", RequestError.BadFieldName)]
    [InlineData(Get + "|x=\u0000", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=a\rb", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=a\nb", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=a\u0001b", RequestError.BadFieldValue)]
    [InlineData(Get + "|x= a", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=a ", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=\ta", RequestError.BadFieldValue)]
    [InlineData(Get + "|x=a\t", RequestError.BadFieldValue)]
    [InlineData(Get + "|x= ", RequestError.BadFieldValue)]
    [InlineData(Get + "|cookie=a\nb", RequestError.BadFieldValue)]
    [InlineData(Get + "|connection=close", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|proxy-connection=x", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|keep-alive=x", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|transfer-encoding=chunked", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|upgrade=h2c", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|te=gzip", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|te=trailers, gzip", RequestError.ConnectionSpecificField)]
    [InlineData(Get + "|content_length=1", RequestError.LookalikeField)]
    [InlineData(Get + "|transfer_encoding=chunked", RequestError.LookalikeField)]
    [InlineData(Get + "|content-length=1", RequestError.ContentLengthMismatch)] // there is no body
    [InlineData(Get + "|content-length=", RequestError.BadContentLength)]
    [InlineData(Get + "|content-length=-1", RequestError.BadContentLength)]
    [InlineData(Get + "|content-length=9223372036854775808", RequestError.BadContentLength)]
    [InlineData(Get + "|content-length=0|content-length=0", RequestError.SeveralContentLengths)]
    [InlineData(Get + "|content-length=0,0", RequestError.SeveralContentLengths)]
    [InlineData(":method=CONNECT|:authority=h", RequestError.BadTarget)] // no port
    [InlineData(":method=CONNECT|:scheme=http|:path=/|:authority=h:443", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:path=/|:authority=h:443", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|host=h:443", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:protocol=websocket|:authority=h:443", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:protocol=websocket|:scheme=http|:path=/|host=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:protocol=|:scheme=http|:path=/|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:protocol=a b|:scheme=http|:path=/|:authority=h", RequestError.BadPseudoHeader)]
    [InlineData(":method=CONNECT|:protocol=websocket|:scheme=http|:path=*|:authority=h", RequestError.BadTarget)]
    public void Requests_that_are_malformed(string fields, object error)
    {
        // Told for the first time, from the table, by the name in the table, and after it: the judgement is the same.
        var decoder = new HpackDecoder();
        foreach (var block in Blocks(fields))
        {
            var head = new RequestHead();
            Assert.Equal(HeadStatus.Malformed, decoder.DecodeRequest(block, head, endsStream: true, Limits));
            Assert.Equal(error, head.Error);
            Assert.Equal("/", Encoding.ASCII.GetString(head.Path));
            head.Reset();
            Assert.Equal(HeadStatus.Complete, decoder.DecodeRequest(Block(Get, 0x00), head, endsStream: true, Limits));
        }
    }

    [Theory]
    [InlineData("/%", RequestError.BadPercentEncoding)]
    [InlineData("/%00", RequestError.BadPercentEncoding)]
    [InlineData("/../a", RequestError.PathAboveRoot)]
    public void Paths_that_are_answered_with_400(string path, object error)
    {
        var (status, head) = Decode($":method=GET|:scheme=http|:path={path}|:authority=h");
        Assert.Equal((HeadStatus.Complete, error), (status, head.NonFatalError));
    }

    [Fact]
    public void Expectations()
    {
        var (_, head) = Decode(Get + "|expect=200-ok");
        Assert.Equal(RequestError.UnsupportedExpectation, head.NonFatalError);
        (_, head) = Decode(Get + "|expect=100-Continue", endsStream: false);
        Assert.True(head.ExpectsContinue);
        (_, head) = Decode(Get + "|expect=100-continue", endsStream: true);
        Assert.False(head.ExpectsContinue);
    }

    [Theory]
    [InlineData("", true, false, 0, false)]
    [InlineData("", false, true, 0, false)]
    [InlineData("|content-length=0", true, false, 0, true)]
    [InlineData("|content-length=0", false, false, 0, true)]
    [InlineData("|content-length=0012", false, false, 12, true)]
    public void Framing(string fields, bool endsStream, bool isFramed, long length, bool hasLength)
    {
        var (status, head) = Decode(Get + fields, endsStream);
        Assert.Equal(HeadStatus.Complete, status);
        Assert.Equal(new BodyFraming(isFramed, length, hasLength), head.Framing);
    }

    [Fact]
    public void A_head_says_what_was_sent()
    {
        var (_, head) = Decode(":method=POST|:scheme=https|:path=/a%20b?c=d|:authority=Example.org:8443|user-agent=x|cookie=a=b|accept=*/*", endsStream: false);
        Assert.True(head.IsHttp2);
        Assert.False(head.IsHttp10);
        Assert.Equal(0, head.MinorVersion);
        Assert.Equal((RequestMethod.Post, "POST"), (head.Method, Text(head.MethodBytes)));
        Assert.Equal(("/a%20b?c=d", "/a b", "c=d"), (Text(head.TargetBytes), Text(head.Path), Text(head.Query)));
        Assert.Equal("Example.org:8443", Text(head.Host));
        Assert.Equal("POST /a%20b?c=d HTTP/2.0", Text(head.RequestLine));
        Assert.Equal("host: Example.org:8443|user-agent: x|cookie: a=b|accept: */*", Fields(head));
        Assert.Equal(KnownHeader.Host, head.Fields[0].Known);
        Assert.True(head.Fields.MayHave("user-agent".Length));
        Assert.False(head.IsExtendedConnect);

        // As long as it is needed, whatever becomes of the arrays.
        head.Detach();
        Assert.Equal("POST /a%20b?c=d HTTP/2.0", Text(head.RequestLine));
        head.DetachForLong();
        Assert.Equal("host: Example.org:8443|user-agent: x|cookie: a=b|accept: */*", Fields(head));
        Assert.Equal("POST /a%20b?c=d HTTP/2.0", Text(head.RequestLine));
        Assert.Equal("host: Example.org:8443|user-agent: x|cookie: a=b|accept: */*", Fields(head));

        head.Reset();
        Assert.False(head.IsHttp2);
        Assert.True(head.ConnectProtocol.IsEmpty);
    }

    [Fact]
    public void A_tunnel_has_its_authority_for_a_target_and_a_websocket_its_path()
    {
        var (_, head) = Decode(":method=CONNECT|:authority=example.org:443");
        Assert.Equal((RequestMethod.Connect, TargetForm.Authority, "example.org:443"), (head.Method, head.Target.Form, Text(head.TargetBytes)));
        Assert.Equal("CONNECT example.org:443 HTTP/2.0", Text(head.RequestLine));
        Assert.Equal("example.org:443", Text(head.Host));
        Assert.False(head.IsExtendedConnect);

        (_, head) = Decode(":method=CONNECT|:protocol=websocket|:scheme=https|:path=/chat?a|:authority=example.org", endsStream: false);
        Assert.Equal((RequestMethod.Connect, TargetForm.Origin, "/chat"), (head.Method, head.Target.Form, Text(head.Path)));
        Assert.Equal("CONNECT /chat?a HTTP/2.0", Text(head.RequestLine));
        Assert.Equal("websocket", Text(head.ConnectProtocol));
        Assert.True(head.IsExtendedConnect);
        head.Reset();
        Assert.False(head.IsExtendedConnect);
    }

    [Theory]
    [InlineData("cookie=a=b", "cookie: a=b")]
    [InlineData("cookie=a=b|cookie=c=d", "cookie: a=b; c=d")]
    [InlineData("cookie=a=b|cookie=c=d|cookie=|cookie=e", "cookie: a=b; c=d; ; e")]
    [InlineData("cookie=a=b|x=y|cookie=c=d|cookie=e|z=1|cookie=f", "cookie: a=b; c=d; e; f|x: y|z: 1")]
    [InlineData("x=y|cookie=a|z=|cookie=b", "x: y|cookie: a; b|z: ")]
    public void Crumbs_of_a_cookie_are_joined(string fields, string expected)
    {
        var decoder = new HpackDecoder();
        foreach (var block in Blocks(Get + "|" + fields))
        {
            var head = new RequestHead();
            Assert.Equal(HeadStatus.Complete, decoder.DecodeRequest(block, head, endsStream: true, Limits));
            Assert.Equal("host: h|" + expected, Fields(head));
        }
    }

    [Fact]
    public void Limits_hold_to_the_byte()
    {
        // :method, :scheme, :path and :authority of Get are 10, 11, 6 and 11 bytes, and 32 more each.
        var size = 10 + 11 + 6 + 11 + (4 * 32) + 1 + 100 + 32;
        var fields = Get + "|x=" + new string('v', 100);
        Assert.Equal(HeadStatus.Complete, Decode(fields, limits: Limits with { MaxRequestHeadBytes = size }).Status);
        var (status, head) = Decode(fields, limits: Limits with { MaxRequestHeadBytes = size - 1 });
        Assert.Equal((HeadStatus.TooLarge, RequestError.HeadTooLarge), (status, head.Error));
        Assert.Equal("GET / HTTP/2.0", Text(head.RequestLine));

        Assert.Equal(HeadStatus.Complete, Decode(Get + "|a=|b=", limits: Limits with { MaxRequestHeaderCount = 3 }).Status);
        (status, head) = Decode(Get + "|a=|b=|c=", limits: Limits with { MaxRequestHeaderCount = 3 });
        Assert.Equal((HeadStatus.TooLarge, RequestError.TooManyFields), (status, head.Error));

        var path = $":method=GET|:scheme=http|:path=/{new string('p', 96)}|:authority=h";
        Assert.Equal(HeadStatus.Complete, Decode(path, limits: Limits with { MaxRequestLineBytes = 100 }).Status);
        (status, head) = Decode(path, limits: Limits with { MaxRequestLineBytes = 99 });
        Assert.Equal((HeadStatus.TooLarge, RequestError.TargetTooLong), (status, head.Error));
        Assert.Equal(("GET  HTTP/2.0", "/"), (Text(head.RequestLine), Text(head.Path)));
    }

    // A line end in it would begin another line of the log.
    [Theory]
    [InlineData(":method=GET|:scheme=http|:path=/a\nb|:authority=h", "GET  HTTP/2.0")]
    [InlineData(":method=GET|:scheme=http|:path=/a\u001b|:authority=h|connection=x", "GET  HTTP/2.0")]
    [InlineData(":method=GET|:scheme=http|:path=/a|:authority=h|connection=x", "GET /a HTTP/2.0")]
    [InlineData(":scheme=http|:path=/a|:authority=h", "")]
    public void The_line_of_a_malformed_request_can_be_logged(string fields, string expected)
    {
        var (status, head) = Decode(fields);
        Assert.Equal((HeadStatus.Malformed, expected), (status, Text(head.RequestLine)));
    }

    // An HPACK bomb: fields of one byte that stand for four thousand.
    [Fact]
    public void A_block_that_expands_is_not_kept_and_leaves_the_table_right()
    {
        var decoder = new HpackDecoder();
        var head = new RequestHead();
        byte[] block = [.. Block(Get, 0x00), .. Block("x=" + new string('v', 4000), 0x40), .. Enumerable.Repeat((byte)0xBE, 60), .. Block("last=1", 0x40)];
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(HeadStatus.TooLarge, decoder.DecodeRequest(block, head, endsStream: true, Limits));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 8 * Limits.MaxRequestHeadBytes);
        Assert.InRange(head.ByteLength, 1, Limits.MaxRequestHeadBytes);

        head.Reset();
        Assert.Equal(HeadStatus.Complete, decoder.DecodeRequest([.. Block(Get, 0x00), 0xBE], head, endsStream: true, Limits));
        Assert.Equal("host: h|last: 1", Fields(head));
    }

    // What nobody sends but to do harm is not even decoded to its end, whoever decodes it.
    [Fact]
    public void A_block_that_expands_without_an_end_ends_its_connection()
    {
        byte[] bomb = [.. Block("x=" + new string('v', 4000), 0x40), .. Enumerable.Repeat((byte)0xBE, 16_000)];
        var head = new RequestHead();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().DecodeRequest([.. Block(Get, 0x00), .. bomb], head, endsStream: true, Limits));
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().DecodeTrailers(bomb, new HeaderFields(), Limits));
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().Skip(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 20 * Limits.MaxRequestHeadBytes);
        Assert.Equal("GET / HTTP/2.0", Text(head.RequestLine));
    }

    // The bytes that stand for what nearly every request has, and the same as literals.
    [Theory]
    [InlineData("82 86 84", "01 01 68", HeadStatus.Complete)]
    [InlineData("84 87 82", "01 01 68", HeadStatus.Complete)]
    [InlineData("82 82 86 84", "01 01 68", HeadStatus.Malformed)]
    [InlineData("82 86 87 84", "01 01 68", HeadStatus.Malformed)]
    [InlineData("82 86 84 84", "01 01 68", HeadStatus.Malformed)]
    [InlineData("82 86", "01 01 68 0F 10 00 84", HeadStatus.Malformed)]
    [InlineData("82 84", "01 01 68", HeadStatus.Malformed)]
    [InlineData("82 83 86 84", "01 01 68", HeadStatus.Malformed)]
    public void Usual_bytes_are_held_to_the_same_rules(string usual, string rest, object expected)
    {
        byte[] block = [.. Hex(usual), .. Hex(rest)];
        var head = new RequestHead();
        Assert.Equal(expected, new HpackDecoder().DecodeRequest(block, head, endsStream: true, Limits));
        var literal = string.Join('|', CollectingSink.Decode(new HpackDecoder(), block)!.Select(static field => $"{field.Name}={field.Value}"));
        Assert.Equal((expected, head.Error), (Decode(literal).Status, Decode(literal).Head.Error));

        // To the byte.
        var size = CollectingSink.Decode(new HpackDecoder(), block)!.Sum(static field => field.Name.Length + field.Value.Length + 32);
        foreach (var limit in (int[])[size, size - 1])
        {
            head.Reset();
            var status = new HpackDecoder().DecodeRequest(block, head, endsStream: true, Limits with { MaxRequestHeadBytes = limit });
            Assert.Equal(Decode(literal, limits: Limits with { MaxRequestHeadBytes = limit }).Status, status);
        }

        static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
    }

    // Crumbs with a field between each two would have all before them copied each time.
    [Fact]
    public void Crumbs_with_fields_between_them_count_what_they_cost()
    {
        var crumbs = string.Join('|', Enumerable.Range(0, 60).Select(static count => $"x{count}=|cookie={new string('c', 200)}"));
        var (status, head) = Decode(Get + "|" + crumbs);
        Assert.Equal((HeadStatus.TooLarge, RequestError.HeadTooLarge), (status, head.Error));
        Assert.InRange(head.ByteLength, 1, Limits.MaxRequestHeadBytes);
    }

    [Fact]
    public void Every_beginning_of_a_request_and_every_flipped_byte_is_some_status()
    {
        const string Fields = ":method=CONNECT|:protocol=websocket|:scheme=http|:path=/a/%2e?b|:authority=h:1"
            + "|host=h:1|cookie=a|te=trailers|cookie=b|expect=100-continue|x=y";
        foreach (var block in Blocks(Fields))
        {
            for (var length = 0; length <= block.Length; length++)
            {
                Try(block[..length]);
            }

            for (var index = 0; index < block.Length; index++)
            {
                for (var value = 0; value < 256; value++)
                {
                    var changed = block.ToArray();
                    changed[index] = (byte)value;
                    Try(changed);
                }
            }
        }

        static void Try(byte[] block)
        {
            var head = new RequestHead();
            var status = new HpackDecoder().DecodeRequest(block, head, block.Length % 2 == 0, Limits);
            Assert.Equal(status == HeadStatus.Complete, status != HeadStatus.CompressionError && head.Error == RequestError.None);
            Assert.True(head.IsHttp2);
            Assert.InRange(head.RequestLine.Length, 0, 500);
            Assert.NotEqual(0, head.Path.Length);
            Assert.InRange(head.Host.Length + head.Query.Length + head.ConnectProtocol.Length, 0, 500);
        }
    }

    [Fact]
    public void A_usual_request_allocates_nothing()
    {
        var decoder = new HpackDecoder();
        var head = new RequestHead();
        byte[][] blocks =
        [
            // h2load's first and later ones.
            [0x82, 0x86, 0x84, .. Block(":authority=127.0.0.1:8080|user-agent=h2load nghttp2/1.52.0", 0x40)],
            [0x82, 0x86, 0x84, 0xBF, 0xBE],
            [0x82, 0x86, 0x04, 0x88, 0x60, 0x75, 0x99, 0x8B, 0x52, 0x9A, 0xEA, 0x1F, 0xBF, 0xBE],
        ];
        foreach (var block in blocks)
        {
            head.Reset();
            Assert.Equal(HeadStatus.Complete, decoder.DecodeRequest(block, head, endsStream: true, Limits));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var complete = 0;
        for (var count = 0; count < 1000; count++)
        {
            head.Reset();
            complete += decoder.DecodeRequest(blocks[1 + (count % 2)], head, endsStream: true, Limits) == HeadStatus.Complete ? 1 : 0;
        }

        Assert.Equal((1000, 0), (complete, GC.GetAllocatedBytesForCurrentThread() - before));
    }

    private static (HeadStatus Status, RequestHead Head) Decode(string fields, bool endsStream = true, RequestLimits? limits = null)
    {
        var head = new RequestHead();
        return (new HpackDecoder().DecodeRequest(Block(fields, 0x00), head, endsStream, limits ?? Limits), head);
    }

    // The same fields as literals; as literals that the table takes; out of the table; and by names out of the table.
    private static IEnumerable<byte[]> Blocks(string fields)
    {
        yield return Block(fields, 0x10);
        yield return Block(fields, 0x40);
        var count = fields.Length == 0 ? 0 : fields.Split('|').Length;
        byte[] indexed = [.. Enumerable.Range(0, count).Select(index => (byte)(0xBE + count - 1 - index))];
        yield return indexed;
        yield return indexed;
        yield return [.. fields.Split('|').Take(count).SelectMany((field, index) => NameInTable(field, 62 + count - 1 - index))];
    }

    private static byte[] NameInTable(string field, int index)
    {
        var value = Encoding.Latin1.GetBytes(field[(field.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        var block = new byte[value.Length + 20];
        var length = HpackInteger.Write(block, 0x00, 0x0F, index);
        length += HpackInteger.Write(block.AsSpan(length), 0, 0x7F, value.Length);
        value.CopyTo(block, length);
        return block[..(length + value.Length)];
    }

    private static byte[] Block(string fields, byte first)
    {
        var block = new List<byte>();
        var length = new byte[HpackInteger.MaxBytes];
        foreach (var field in fields.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            block.Add(first);
            foreach (var part in (string[])[field[..equals], field[(equals + 1)..]])
            {
                block.AddRange(length[..HpackInteger.Write(length, 0, 0x7F, part.Length)]);
                block.AddRange(Encoding.Latin1.GetBytes(part));
            }
        }

        return [.. block];
    }

    private static string Fields(RequestHead head) => string.Join(
        '|', Enumerable.Range(0, head.Fields.Count).Select(index => $"{Text(head.Fields.Name(index))}: {Text(head.Fields.Value(index))}"));

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
