using static PipeServer.Fuzz.Http2.Http2CaseTable;

namespace PipeServer.Fuzz.Http2;

/// <summary>Requests: RFC 9113 §8, with extended CONNECT (RFC 8441) and priorities (RFC 9218).</summary>
internal static class MessageCases
{
    public static void Add(Http2CaseTable table)
    {
        AddFraming(table);
        AddContentLength(table);
        AddNames(table);
        AddConnectionFields(table);
        AddPseudo(table);
        AddRequestPseudo(table);
        AddConnect(table);
        AddPriorities(table);
    }

    private static void AddFraming(Http2CaseTable table)
    {
        table.Section = "messages, RFC 9113 §8.1";
        var trailers = Head(new Field("checksum", "1"));
        table.Answers("trailers", Post(), Http2Frame.Data(1, "a"), trailers);
        table.Answers("trailers without a body", Post(), trailers);
        table.Answers("trailers without a field", Post(), Http2Frame.Data(1, "a"), Http2Frame.Headers(1, []));
        table.Answers("a POST without a body", Http2Frame.Headers(1, HpackBytes.Block(Fields("POST"))));
        table.Answers("a HEAD", Http2Frame.Headers(1, HpackBytes.Block(Fields("HEAD"))));
        table.Answers("a GET with a body", Http2Frame.Headers(1, HpackBytes.Block(Request), end: false), Http2Frame.Data(1, "a", end: true));
        table.Malformed("a second head that does not end the stream", Post(), Http2Frame.Data(1, "a"), Http2Frame.Headers(1, HpackBytes.Block([new("a", "b")]), end: false));
        table.Malformed("the head twice", Post(), Post());
        table.Malformed("a pseudo-header field in trailers", Post(), Http2Frame.Data(1, "a"), Head(new Field("a", "b"), new Field(":method", "GET")));
        table.Malformed("an upper-case name in trailers", Post(), Http2Frame.Data(1, "a"), Head(new Field("A", "b")));
        table.Malformed("a connection field in trailers", Post(), Http2Frame.Data(1, "a"), Head(new Field("connection", "close")));
        table.Errs("DATA behind trailers", [Code.StreamClosed], Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)), Post(), Http2Frame.Data(1, "abc"), trailers, Http2Frame.Data(1, "a", end: true));
        table.Errs("trailers twice", [Code.StreamClosed], Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)), Post(), Http2Frame.Data(1, "abc"), trailers, trailers);
    }

    private static void AddContentLength(Http2CaseTable table)
    {
        table.Section = "Content-Length, RFC 9113 §8.1.1";
        Http2Frame Told(string value, bool end = false) => Http2Frame.Headers(1, HpackBytes.Block(Fields("POST", new Field("content-length", value))), end);
        table.Answers("right", Told("4"), Http2Frame.Data(1, "test", end: true));
        table.Answers("right, in pieces, with padding", Told("4"), Http2Frame.Data(1, "te").Pad(50), Http2Frame.Data(1, "st"), Http2Frame.Data(1, "", end: true));
        table.Answers("right, with trailers", Told("4"), Http2Frame.Data(1, "test"), Head(new Field("a", "b")));
        table.Answers("0, without a body", Told("0", end: true));
        table.Answers("0, with an empty body", Told("0"), Http2Frame.Data(1, "", end: true));
        table.Malformed("too small", Told("1"), Http2Frame.Data(1, "test", end: true));
        table.Malformed("too small for two pieces", Told("3"), Http2Frame.Data(1, "te"), Http2Frame.Data(1, "st", end: true));
        table.Malformed("too small, the body goes on", Told("1"), Http2Frame.Data(1, "test"));
        table.Malformed("too large", Told("5"), Http2Frame.Data(1, "test", end: true));
        table.Malformed("too large for two pieces", Told("9"), Http2Frame.Data(1, "te"), Http2Frame.Data(1, "st", end: true));
        table.Malformed("too large, trailers", Told("5"), Http2Frame.Data(1, "test"), Head(new Field("a", "b")));
        table.Malformed("1, but the head ends the stream", Told("1", end: true));
        table.Malformed("1, but an empty body", Told("1"), Http2Frame.Data(1, "", end: true));
        table.Malformed("0, but a byte", Told("0"), Http2Frame.Data(1, "a", end: true));
        foreach (var value in new[] { "", "a", "-1", "+4", "4a", "0x4", "4 4", "4,5", "99999999999999999999" })
        {
            table.Rejected($"\"{value}\"", Told(value), Http2Frame.Data(1, "test", end: true));
        }

        table.Rejected("two that differ", Post(1, new("content-length", "4"), new("content-length", "5")), Http2Frame.Data(1, "test", end: true));
    }

    private static void AddNames(Http2CaseTable table)
    {
        table.Section = "names and values, RFC 9113 §8.2.1";
        foreach (var name in new[] { "", "A", "x-Upper", "a b", " a", "a ", "a:b", "a:", "a\0", "a\r", "a\nb", "a\x7f", "a\x80", "ü", "a\t", "a,b", "a(b", "a\"b", "a/b", "a@b", "[a]", "{a}" })
        {
            table.Malformed($"the name \"{Shown(name)}\"", Get(1, new Field(name, "b")));
            table.Malformed($"the name \"{Shown(name)}\" in the dynamic table", Block(1, HpackBytes.Block(Request), HpackBytes.Added(name, "b")));
        }

        foreach (var value in new[] { "\0", "a\0b", "a\rb", "a\nb", "a\r\nb", "a\r\n b", " a", "a ", "\ta", "a\t", " ", "\r", "\n" })
        {
            table.Malformed($"the value \"{Shown(value)}\"", Get(1, new Field("a", value)));
            table.Malformed($"the value \"{Shown(value)}\" of a cookie", Get(1, new Field("cookie", value)));
        }

        table.Malformed("a value with a line feed, from the dynamic table", Block(1, HpackBytes.Block(Request), HpackBytes.Added("a", "b\nc")), CaseStep.Over(1));
        table.Answers("an invalid field in the dynamic table, which nobody uses again", [3], Block(1, HpackBytes.Block(Request), HpackBytes.Added("A", "b")), CaseStep.Over(1), Get(3));
        table.Replace(table.All[^1] with { Kind = OutcomeKind.StreamError, Codes = [Code.ProtocolError] });
        foreach (var name in new[] { "a", "x-1", "!#$%&'*+-.^_`|~", "0" })
        {
            table.Answers($"the name \"{name}\"", Get(1, new Field(name, "b")));
        }

        foreach (var value in new[] { "", "a", "a b", "a\tb", "\"a, b\"", "ü", "\x80\xff", "!~" })
        {
            table.Answers($"the value \"{Shown(value)}\"", Get(1, new Field("a", value)));
        }
    }

    private static void AddConnectionFields(Http2CaseTable table)
    {
        table.Section = "fields of the connection, RFC 9113 §8.2.2, §8.2.3";
        foreach (var field in new Field[]
        {
            new("connection", "close"), new("connection", "keep-alive"), new("connection", "te"), new("keep-alive", "timeout=5"), new("proxy-connection", "keep-alive"),
            new("transfer-encoding", "chunked"), new("upgrade", "h2c"), new("te", "gzip"), new("te", "trailers, deflate;q=0.5"), new("te", "trailers;q=1"),
        })
        {
            table.Malformed($"{field}", Get(1, field));
        }

        table.Answers("te: trailers", Get(1, new Field("te", "trailers")));
        table.Malformed("transfer-encoding of a body", Post(1, new Field("transfer-encoding", "chunked")), Http2Frame.Data(1, "0\r\n\r\n", end: true));
        table.Answers("several cookies", Get(1, new("cookie", "a=1"), new("cookie", "b=2"), new("cookie", "c=3")));
        table.Answers("a hundred cookies", Get(1, Enumerable.Range(0, 100).Select(static at => new Field("cookie", $"c{at}=1"))));
    }

    private static void AddPseudo(Http2CaseTable table)
    {
        table.Section = "pseudo-header fields, RFC 9113 §8.3";
        foreach (var name in new[] { ":test", ":", "::method", ":Method", ":status", ":host", ":version", ":protocol" })
        {
            table.Malformed($"{name} first", Head([new(name, "200"), .. Request]));
            table.Malformed($"{name} last", Head([.. Request, new(name, "200")]));
        }

        foreach (var missing in Request)
        {
            var others = Request.Where(one => one != missing).ToList();
            table.Malformed($"{missing.Name} behind another field", Head([.. others, new("a", "b"), missing]));
            table.Malformed($"{missing.Name} twice", Head([.. Request, missing]));
            table.Malformed($"{missing.Name} twice, the second behind another field", Head([.. Request, new("a", "b"), missing]));
            table.Malformed($"{missing.Name} twice, with two values", Head([.. Request, missing with { Value = missing.Value + "x" }]));
            table.Malformed($"{missing.Name} in upper case", Head([.. others, missing with { Name = missing.Name.ToUpperInvariant() }]));
            table.Malformed($"{missing.Name} with a line feed", Head([.. others, missing with { Value = missing.Value + "\n" }]));
            table.Malformed($"{missing.Name} with a zero", Head([.. others, missing with { Value = missing.Value + "\0" }]));
        }

        table.Answers("in any order", Head([.. Request.Reverse()]));
    }

    private static void AddRequestPseudo(Http2CaseTable table)
    {
        table.Section = "pseudo-header fields of requests, RFC 9113 §8.3.1";
        Http2Frame With(string name, string value) => Head(Request.Select(one => one.Name == name ? one with { Value = value } : one));
        foreach (var missing in new[] { ":method", ":scheme", ":path" })
        {
            table.Malformed($"no {missing}", Head(Request.Where(one => one.Name != missing)));
            table.Rejected($"an empty {missing}", With(missing, ""));
        }

        table.Malformed("an empty :path, which is malformed", With(":path", ""));
        table.Malformed("none", Head(new Field("host", "localhost"), new Field("a", "b")));
        table.Rejected("neither :authority nor host", Head(Request.Where(static one => one.Name != ":authority")));
        table.Answers("host instead of :authority", Head([.. Request.Where(static one => one.Name != ":authority"), new("host", "localhost")]));
        table.Answers("host and :authority, the same", Get(1, new Field("host", "localhost")));
        table.Rejected("host and :authority, not the same", Get(1, new Field("host", "elsewhere")));
        table.Tolerates("host twice beside :authority, all the same", [Code.ProtocolError], Get(1, new("host", "localhost"), new("host", "localhost")));
        table.Rejected("host twice, without :authority", Head([.. Request.Where(static one => one.Name != ":authority"), new("host", "localhost"), new("host", "localhost")]));
        foreach (var authority in new[] { "", "user@localhost", "user:secret@localhost", "local host", "localhost/", "localhost:port", "localhost:80:80", "[::1", "a,b" })
        {
            table.Rejected($"the authority \"{authority}\"", With(":authority", authority));
        }

        foreach (var method in new[] { "GE T", "GET ", "G\tT", "G(T", "GET/", "\u00dc" })
        {
            table.Rejected($"the method \"{Shown(method)}\"", With(":method", method));
        }

        foreach (var path in new[] { "index.html", "*", "http://localhost/index.html", "/a b", "/a\tb", "/a%", "/a%zz", "/a\\..\\..\\b%00" })
        {
            table.Rejected($"the path \"{Shown(path)}\"", With(":path", path));
        }

        foreach (var scheme in new[] { "1", "ht tp", "http:", "://" })
        {
            table.Rejected($"the scheme \"{scheme}\"", With(":scheme", scheme));
        }

        table.Answers("a query", With(":path", "/index.html?a=b&c"));
        table.Answers("the scheme https", With(":scheme", "https"));
        table.Answers("an authority with a port", With(":authority", "localhost:8080"));
        table.Answers("an authority that is an address", With(":authority", "[::1]:80"));
        table.Open("OPTIONS *", Head(new(":method", "OPTIONS"), new(":scheme", "http"), new(":path", "*"), new(":authority", "localhost")));
        table.Open("an unknown method", With(":method", "BREW"));
    }

    private static void AddConnect(Http2CaseTable table)
    {
        table.Section = "CONNECT, RFC 9113 §8.5, RFC 8441 §4";
        Field method = new(":method", "CONNECT");
        Field scheme = new(":scheme", "http");
        Field path = new(":path", "/index.html");
        Field authority = new(":authority", "localhost:443");
        Field protocol = new(":protocol", "websocket");
        table.Rejected("alone", Head(method, authority));
        table.Malformed("with a scheme", Head(method, authority, scheme));
        table.Malformed("with a path", Head(method, authority, path));
        table.Malformed("with scheme and path", Head(method, scheme, path, authority));
        table.Rejected("without an authority", Head(method));
        table.Rejected("with a host only", Head(method, new Field("host", "localhost")));
        table.Rejected("extended, an unknown protocol", Head(method, protocol with { Value = "no-such-protocol" }, scheme, path, authority));
        table.Malformed("extended, without a scheme", Head(method, protocol, path, authority));
        table.Malformed("extended, without a path", Head(method, protocol, scheme, authority));
        table.Rejected("extended, without an authority", Head(method, protocol, scheme, path));
        table.Rejected("extended, an empty protocol", Head(method, protocol with { Value = "" }, scheme, path, authority));
        table.Malformed("extended, the protocol twice", Head(method, protocol, protocol, scheme, path, authority));
        table.Malformed("a protocol of a GET", Head([.. Request, protocol]));
        table.Malformed("a protocol of a POST", Http2Frame.Headers(1, HpackBytes.Block([protocol, .. Fields("POST")]), end: false));
    }

    private static void AddPriorities(Http2CaseTable table)
    {
        table.Section = "priorities, RFC 9218 §4, §7.1";
        foreach (var value in new[] { "u=0", "u=7", "i", "u=3, i", "i=?0", "u=5,i=?1,x=y", "", "u=8", "u=-1", "u=a", "u=1.5", "=", "u=1;;", "\"", "u=1, u=2", new string('x', 1000) })
        {
            var name = value.Length > 20 ? "a long value" : value;
            table.Answers($"the field \"{name}\"", Get(1, new Field("priority", value)));
            table.Tolerates($"PRIORITY_UPDATE of \"{name}\"", [Code.ProtocolError], Get(), Http2Frame.PriorityUpdate(1, value));
        }

        table.Answers("PRIORITY_UPDATE of an idle, an open and a closed stream", [1, 3], Http2Frame.PriorityUpdate(3, "u=1"), Post(), Http2Frame.PriorityUpdate(1, "u=2, i"), Http2Frame.Data(1, "a", end: true), CaseStep.Over(1), Http2Frame.PriorityUpdate(1, "u=3"), Get(3));
        table.Answers("PRIORITY_UPDATE of many idle streams", [.. Enumerable.Range(0, 50).Select(static at => (CaseStep)Http2Frame.PriorityUpdate((2 * at) + 1, "u=1")), Get()]);
        table.Fails("PRIORITY_UPDATE on a stream", Code.ProtocolError, Get(), Http2Frame.PriorityUpdate(1, "u=1", stream: 1));
        table.Fails("PRIORITY_UPDATE on an idle stream", Code.ProtocolError, Http2Frame.PriorityUpdate(1, "u=1", stream: 7));
        table.Fails("PRIORITY_UPDATE of stream 0", Code.ProtocolError, Http2Frame.PriorityUpdate(0, "u=1"));
        table.Fails("PRIORITY_UPDATE of a push that is idle", Code.ProtocolError, Http2Frame.PriorityUpdate(2, "u=1"));
        foreach (var length in new[] { 0, 1, 3 })
        {
            table.Fails($"PRIORITY_UPDATE of {length} bytes", Code.FrameSizeError, Any(FrameKind.PriorityUpdate, 0, length));
        }

        table.Answers("PRIORITY_UPDATE without a value", Get(), Http2Frame.PriorityUpdate(1, ""));
        table.Answers("PRIORITY_UPDATE with the reserved bit", Get(), Http2Frame.PriorityUpdate(int.MinValue | 1, "u=1"));
    }

    private static string Shown(string text) => string.Concat(text.Select(static one => one is > ' ' and <= '~' ? one.ToString() : $"\\x{(int)one:x2}"));
}
