namespace PipeServer.Fuzz;

/// <summary>
/// The table: what each request means, by the RFCs and by the choices that this server makes where they leave one. Run by
/// the parser's tests, and over every transport, at every split point; the answers are those of <c>ProtocolTests</c>'
/// server, which has GET and an echoing POST at every path.
/// </summary>
public static class ProtocolCases
{
    private const string Host = "Host: a\r\n\r\n";

    public static IReadOnlyList<ProtocolCase> All { get; } = Create();

    public static ProtocolCase Get(string id) => All.Single(item => item.Id == id);

    private static List<ProtocolCase> Create()
    {
        var all = new List<ProtocolCase>();

        // A head that no handler may see.
        void Refused(string section, string id, string bytes, int status = 400) =>
            all.Add(new(id, section, bytes, status, Closes: true, IsRefusedHead: true));

        // A head that is understood, be the answer what it may.
        void Kept(string section, string id, string bytes, int status = 200) =>
            all.Add(new(id, section, bytes, status, Closes: false, IsRefusedHead: false));
        void Closed(string section, string id, string bytes, int status) =>
            all.Add(new(id, section, bytes, status, Closes: true, IsRefusedHead: false));

        // :: 1. Line ends and separators
        var section = "RFC 9112 §2.2, §3";
        Kept(section, "the least 1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "one empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "three empty lines before", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "bare LF before", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "CR CR LF before", "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n");
        foreach (var (name, separator) in new[] { ("tab", "\t"), ("vertical tab", "\v"), ("form feed", "\f"), ("CR", "\r"), ("nothing", ""), ("0x85", "\u0085"), ("0xA0", "\u00A0") })
        {
            Refused(section, $"{name} after the method", $"GET{separator}/ HTTP/1.1\r\n{Host}");
            Refused(section, $"{name} before the version", $"GET /{separator}HTTP/1.1\r\n{Host}");
        }

        Refused(section, "space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n");
        Refused(section, "tab after the version", "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n");
        Refused(section, "something after the version", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n");
        Refused(section, "space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n");
        Refused(section, "bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n");
        Refused(section, "bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n");
        Refused(section, "bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n");
        Refused(section, "CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n");
        Refused(section, "space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n");
        Refused(section, "tab before the first header", "GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n");
        Refused(section, "blank line of a space", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n");

        // :: 2. Method
        section = "RFC 9110 §9.1";
        Refused(section, "method with a bracket", "G[T / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "method with NUL", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "method beyond ASCII", "G\u00C9T / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "method with a colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "no method", " / HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "method of 33 bytes", $"{new string('A', 33)} / HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "method of 32 bytes", $"{new string('A', 32)} / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
        Kept(section, "unknown method", "FROB / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
        Kept(section, "lower-case method is another one", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
        Kept(section, "unknown method with a body", "FROB / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 501);
        Kept("RFC 9110 §15.5.6", "known method, not here", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405);
        Kept("RFC 9110 §15.5.6", "known method, not here, with a body", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 405);
        Kept("RFC 9110 §9.3.8", "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405);
        Refused(section, "no request line but TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003\r\n\r\n");

        // :: 3. Target
        section = "RFC 9112 §3.2, RFC 3986 §2";
        foreach (var character in "\0\u0001\u001F\u007F\u0080\u00E9\u00FF#\"<>")
        {
            Refused(section, $"target with 0x{(int)character:x2}", $"GET /a{character}b HTTP/1.1\r\n{Host}");
            Refused(section, $"query with 0x{(int)character:x2}", $"GET /a?{character} HTTP/1.1\r\n{Host}");
        }

        Kept(section, "every character of a target", "GET /-._~!$&'()*+,;=:@/[]%41?[]%41 HTTP/1.1\r\nHost: a\r\n\r\n");

        // No grammar has these. Browsers send them raw all the same, and nothing about framing hangs on them.
        section = "WHATWG URL, percent-encode sets";
        foreach (var character in "^`{|}")
        {
            Kept(section, $"path with {character}", $"GET /a{character}b HTTP/1.1\r\n{Host}");
        }

        Kept(section, "every character of a query", "GET /?!$%&'()*+,-./0123456789:;=?@ABCXYZ[\\]^_`abcxyz{|}~ HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "path with a backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "path with a backslash, then a query", "GET /\\?q HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "absolute form, path with a backslash", "GET http://a/b\\c HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "absolute form, host with a brace", "GET http://{a}/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "asterisk form with a brace", "OPTIONS *{} HTTP/1.1\r\nHost: a\r\n\r\n");
        section = "RFC 9112 §3.2, RFC 3986 §2";
        Refused(section, "target is a name", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "target is a query", "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "target is another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "target is empty", "GET  HTTP/1.1\r\nHost: a\r\n\r\n");
        section = "RFC 3986 §2.1";
        foreach (var escape in new[] { "%", "%4", "%zz", "%4z", "%%41", "%00", "%0d", "%0A" })
        {
            Kept(section, $"path with {escape}", $"GET /{escape} HTTP/1.1\r\n{Host}", 400);
        }

        // Bytes of a name, whether or not they are UTF-8; an overlong dot or slash is neither.
        foreach (var escape in new[] { "%ff", "%c0%ae", "%c0%af", "%c0%ae%c0%ae/", "%ed%a0%80" })
        {
            Kept(section, $"path with {escape}", $"GET /{escape} HTTP/1.1\r\n{Host}");
        }

        // A query is data, whatever it stands for.
        foreach (var escape in new[] { "%", "%4", "%zz", "%00", "%0D", "%0a", "a=%0D%0Ab", "q=100%", "%%", "%ff", "%2e%2e/", "/../.." })
        {
            Kept(section, $"query with {escape}", $"GET /?{escape} HTTP/1.1\r\n{Host}");
            Kept(section, $"absolute form, query with {escape}", $"GET http://a/?{escape} HTTP/1.1\r\n{Host}");
        }

        Kept(section, "path with a bad escape, query with another", "GET /%?% HTTP/1.1\r\nHost: a\r\n\r\n", 400);

        section = "RFC 3986 §5.2.4";
        foreach (var path in new[] { "/..", "/../a", "/a/../../b", "/%2e%2e/a", "/.%2E/a" })
        {
            Kept(section, $"above the root: {path}", $"GET {path} HTTP/1.1\r\n{Host}", 400);
        }

        Kept(section, "dot segments within", "GET /a/./b/../c HTTP/1.1\r\nHost: a\r\n\r\n");

        // :: 4. Forms of the target
        section = "RFC 9112 §3.2.2";
        Kept(section, "absolute form", "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "absolute form, https, port, no path", "GET https://A:443 HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "absolute form, query without path", "GET http://a?b HTTP/1.1\r\nHost: a:80\r\n\r\n");
        Kept(section, "absolute form, scheme in any case", "GET HTTP://a/ HTTP/1.1\r\nHost: A\r\n\r\n");
        Refused(section, "absolute form, empty host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "absolute form, bad port", "GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "absolute form, port out of range", "GET http://a:65536/ HTTP/1.1\r\nHost: a:65536\r\n\r\n");
        Refused(section, "absolute form, userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "absolute form, another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "absolute form, another port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "absolute form for a proxy's asterisk, another host", "OPTIONS http://b:81 HTTP/1.1\r\nHost: a\r\n\r\n", 204);
        Closed(section, "absolute form in 1.0, no Host", "GET http://a/ HTTP/1.0\r\n\r\n", 200);
        Refused(section, "absolute form, no Host", "GET http://a/ HTTP/1.1\r\n\r\n");
        Refused(section, "absolute form, empty Host", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n");
        Refused(section, "absolute form, malformed Host", "GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n");
        Refused(section, "absolute form, two Hosts", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
        section = "RFC 9112 §3.2.4";
        Kept(section, "asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204);
        Kept(section, "asterisk form of a proxy's client", "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", 204);
        Kept(section, "OPTIONS with a path", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", 204);
        Kept(section, "OPTIONS with a body", "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 204);
        Refused(section, "asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "two asterisks", "OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "asterisk and path", "OPTIONS */x HTTP/1.1\r\nHost: a\r\n\r\n");
        section = "RFC 9112 §3.2.3";
        Kept(section, "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405);
        Kept(section, "CONNECT for another host", "CONNECT b.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405);
        Kept(section, "CONNECT, IPv6", "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n", 405);
        foreach (var target in new[] { "/x", "a", "a:", ":443", "a:b", "a:443/x", "http://a:443/", "u@a:443", "*" })
        {
            Refused(section, $"CONNECT {target}", $"CONNECT {target} HTTP/1.1\r\n{Host}");
        }

        Refused(section, "GET with authority form", "GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n");

        // :: 5. Version
        section = "RFC 9112 §2.3";
        Closed(section, "1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200);
        Kept(section, "1.2 is served as 1.1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n");
        Kept(section, "1.9 is served as 1.1", "GET / HTTP/1.9\r\nHost: a\r\n\r\n");
        foreach (var version in new[] { "http/1.1", "Http/1.1", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.11", "HTTP/01.1", "HTTP/11.1", "HTTP/1,1", "HTTP/1.x", "HTTP/x.1", "HTTP/+1.1", "HTTP/0.9", "HTTPS/1.1", "HTTP 1.1", "HTTP/ 1.1", "XTTP/1.1", "" })
        {
            Refused(section, $"version '{version}'", $"GET / {version}\r\n{Host}");
        }

        Refused(section, "HTTP/0.9 simple request", "GET /\r\n");
        section = "RFC 9110 §15.6.6";
        Refused(section, "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
        Refused(section, "HTTP/3.1", "GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505);
        Refused(section, "HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505);
        Refused(section, "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);

        // :: 6. Length of the target
        section = "RFC 9110 §15.5.15";
        Kept(section, "target of 4 KiB", $"GET /{new string('a', 4095)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Refused(section, "target over the limit", $"GET /{new string('a', 8 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n", 414);
        Refused(section, "query over the limit", $"GET /?{new string('a', 8 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n", 414);

        // :: 7. Fields
        section = "RFC 9112 §5.1, RFC 9110 §5.1";
        Kept(section, "every character of a name", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n");
        Refused(section, "space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n");
        Refused(section, "tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n");
        Refused(section, "space before the colon of the length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc");
        Refused(section, "no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n");
        Refused(section, "empty name", "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n");
        foreach (var character in "\0\u0001\u007F\u0080\u00DC ()\",/;<=>?@[\\]{}")
        {
            Refused(section, $"name with 0x{(int)character:x2}", $"GET / HTTP/1.1\r\nHost: a\r\nX{character}Y: z\r\n\r\n");
        }

        section = "RFC 9112 §5.2";
        Refused(section, "obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n");
        Refused(section, "obs-fold with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n");
        Refused(section, "obs-fold of the coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n");
        section = "RFC 9110 §5.5";
        Kept(section, "every byte of a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \t!~\u0080\u0085\u00A0\u00FF x\r\n\r\n");
        Kept(section, "no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\nX:y\r\n\r\n");
        Kept(section, "empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY:   \r\n\r\n");
        foreach (var character in "\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000B\u000C\u001F\u007F\r")
        {
            Refused(section, $"value with 0x{(int)character:x2}", $"GET / HTTP/1.1\r\nHost: a\r\nX: y{character}z\r\n\r\n");
        }

        // :: 8. Limits of the field section, and lookalikes
        section = "RFC 6585 §5";
        Kept(section, "100 fields", $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: y\r\n", 99))}\r\n");
        Refused(section, "101 fields", $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: y\r\n", 100))}\r\n", 431);
        Refused(section, "one oversized value", $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('y', 33_000)}\r\n\r\n", 431);
        Refused(section, "one oversized name", $"GET / HTTP/1.1\r\nHost: a\r\n{new string('y', 33_000)}: x\r\n\r\n", 431);
        section = "RFC 9112 §11.2";
        Refused(section, "lookalike Content_Length", "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n");
        Refused(section, "lookalike Transfer_Encoding", "POST / HTTP/1.1\r\nHost: a\r\ntransfer_encoding: chunked\r\n\r\n");

        // :: 9. The end of the head
        section = "RFC 9112 §2.1";
        Refused(section, "bare LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n");
        Refused(section, "CR CR LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n");

        // :: 10. Host
        section = "RFC 9112 §3.2";
        Refused(section, "1.1 without Host", "GET / HTTP/1.1\r\n\r\n");
        Refused(section, "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        Refused(section, "two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
        Refused(section, "two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
        foreach (var host in new[] { "a", "a:80", "a:0", "a:65535", "[::1]", "[::1]:80", "[2001:DB8::1]", "[::ffff:1.2.3.4]", "[::]", "[1:2:3:4:5:6:7:8]", "[1::8]", "[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:1.2.3.255]", "foo_bar", "example.org.", "1.2.3.4", "xn--nxasmq6b", "a%20b" })
        {
            Kept(section, $"Host '{host}'", $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        }

        foreach (var host in new[]
        {
            "", " ", "a, b", "a,b", "u@a", "u:p@a", "a/b", "a b", "a\tb", "[::1", "::1]", "::1", "[]", "[::g]", "[::1]x", "[1.2.3.4]", "[1234]", "[::1.2.3.04]", "[::1.2.3.256]", "[::1.2.3]", "[1.2.3.4::]", "[:1]", "[1:]", "[:::]", "[1::2::3]", "[12345::]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4::5:6:7:8]", "[::1%25a]", "[a]", "[v1.a]",
            "{a}", "a\u00E9", "a:b", "a:65536", "a:99999999999", "a:-1", "a:+1", "a: 80", "a:80:80", ":80", ":", "a%zz", "a%00", "[::1]:x", "a?b", "a#b", "http://a", "\"a\"", "<a>", "a\\b", "a|b",
        })
        {
            Refused(section, $"Host '{host}'", $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        }

        // :: 11. Content-Length
        section = "RFC 9112 §6.3";
        Kept(section, "content length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Kept(section, "content length 0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Kept(section, "content length with leading zeros", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000005\r\n\r\nhello");
        Kept(section, "content length with white space around", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t5 \t\r\n\r\nhello");
        Closed("RFC 9110 §15.5.14", "content length 2^63-1", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", 413);
        Closed("RFC 9110 §15.5.14", "content length over the limit", $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {(128 * 1024 * 1024) + 1}\r\n\r\n", 413);
        Refused("RFC 9112 §6.1", "length and coding", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Refused("RFC 9112 §6.1", "coding and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
        Refused(section, "two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
        Refused(section, "two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
        Refused(section, "a bad length with GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n");
        foreach (var length in new[] { "+5", "-5", "-0", "0x5", "5_0", "5 0", "5a", "", " ", "5, 5", "5,5", "5,", ",5", "5;", "5.0", "1e1", "\"5\"", "9223372036854775808", "18446744073709551621", "99999999999999999999", "\u00B2", "5\u00A0" })
        {
            Refused(section, $"Content-Length '{length}'", $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nhello");
        }

        // :: 12. Transfer-Encoding
        section = "RFC 9112 §6.1, §7";
        Kept(section, "chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        Kept(section, "chunked in any case, with white space", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t cHuNkEd\t \r\n\r\n0\r\n\r\n");
        Refused(section, "coding in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Refused(section, "coding in 1.0 that wants to stay", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        foreach (var coding in new[]
        {
            "xchunked", "chunkedx", "x-chunked", "\"chunked\"", "'chunked'", "chunked;a=b", "chunked, chunked", "chunked, gzip", "", ",", ", ,", "chunked,", ",chunked", ", chunked",
            "chunked\u00A0", "\u0085chunked", "\u0001chunked", "chunked\u000B", "chunk\0ed", "identity, chunked, identity", "gz ip", "chunked chunked", "chunked;", "gzip\u00FF",
        })
        {
            Refused(section, $"Transfer-Encoding '{coding}'", $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n");
        }

        Refused(section, "two lines of chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Refused(section, "chunked, then another line", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n");
        Refused(section, "unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501);
        Refused(section, "unknown coding with parameters", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip;a=b ; c = d, chunked\r\n\r\n0\r\n\r\n", 501);
        Refused(section, "unknown coding with malformed parameters", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip;@@, chunked\r\n\r\n0\r\n\r\n");
        Refused(section, "unknown coding alone", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501);

        // :: 13. Chunks
        void Chunked(string where, string id, string body, int status = 400) =>
            all.Add(new(id, where, $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}", status, status is not 200, IsRefusedHead: false));
        section = "RFC 9112 §7.1";
        Chunked(section, "several chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 200);
        Chunked(section, "size of 16 digits", "0000000000000001\r\nx\r\n0\r\n\r\n", 200);
        Chunked(section, "sizes in both cases", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 200);
        foreach (var size in new[] { "", "g", "-1", "+1", "0x1", "0X1", "1_0", " 1", "\t1", "1 ", "1\t", "\"1\"", "1.0", "00000000000000001", "8000000000000000", "ffffffffffffffff", "\u00B9", "1\0" })
        {
            Chunked(section, $"chunk size '{size}'", $"{size}\r\nx\r\n0\r\n\r\n");
        }

        Chunked("RFC 9110 §15.5.14", "chunk of 2^63-1", "7fffffffffffffff\r\nx", 413);
        Chunked(section, "LF after the size", "1\nx\r\n0\r\n\r\n");
        Chunked(section, "CR after the size", "1\rx\r\n0\r\n\r\n");
        Chunked(section, "CR CR LF after the size", "1\r\r\nx\r\n0\r\n\r\n");
        Chunked(section, "LF after the data", "1\r\nx\n0\r\n\r\n");
        Chunked(section, "CR after the data", "1\r\nx\r0\r\n\r\n");
        Chunked(section, "more data than said", "1\r\nxy\r\n0\r\n\r\n");
        Chunked(section, "nothing after the data", "1\r\nx0\r\n\r\n");
        Chunked(section, "LF after the last chunk", "0\n\r\n");
        Chunked(section, "LF as the end", "0\r\n\n");
        Chunked(section, "CR CR LF as the end", "0\r\n\r\r\n");
        section = "RFC 9112 §7.1.1";
        foreach (var extension in new[] { ";a", ";a=b", ";a=\"b; \\\"c\"", ";a=\"\"", ";a;b=c;d=\"e\"", " ; a = b", "\t;\ta\t=\t\"\u00FF\"", ";a=b ;c" })
        {
            Chunked(section, $"extension '{extension}'", $"1{extension}\r\nx\r\n0{extension}\r\n\r\n", 200);
        }

        foreach (var extension in new[] { ";", ";;a", ";a=", ";=b", ";a b", ";a ", ";a=b ", ";a=\"b", ";a=\"b\"c", ";a=\"b\\\u0001\"", ";a\u0001", ";a=\u007F", ";a\n", ";a=\"b\n\"", ";a=\"b\r\n\"", ",a", "a", ";\u00E9" })
        {
            Chunked(section, $"extension '{extension}' is none", $"1{extension}\r\nx\r\n0\r\n\r\n");
        }

        Chunked(section, "extensions of 4 KiB", $"1;{new string('a', 4095)}\r\nx\r\n0\r\n\r\n", 200);
        Chunked(section, "extensions of 4 KiB and one byte", $"1;{new string('a', 4096)}\r\nx\r\n0\r\n\r\n");

        // :: 14. Trailers
        section = "RFC 9112 §7.1.2";
        foreach (var trailer in new[] { "A: b", "A:", "Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "A: b\r\nA: c" })
        {
            Chunked(section, $"trailer '{trailer}'", $"1\r\nx\r\n0\r\n{trailer}\r\n\r\n", 200);
        }

        foreach (var trailer in new[] { "A", ": b", " A: b", "A : b", "A: b\n", "A: b\0", "A: b\u0001", "A: b\r\n c", "A: b\rc", "A(: b", "A: b\r", "\u00E9: b" })
        {
            Chunked(section, $"trailer '{trailer}' is none", $"1\r\nx\r\n0\r\n{trailer}\r\n\r\n");
        }

        Chunked("RFC 6585 §5", "trailers over the limit", $"0\r\nA: {new string('b', 33_000)}\r\n\r\n", 431);
        Chunked("RFC 6585 §5", "101 trailers", $"0\r\n{string.Concat(Enumerable.Repeat("A: b\r\n", 101))}\r\n", 431);

        // :: 15. Bodies where nobody expects them
        section = "RFC 9112 §6.3, RFC 9110 §9.3";
        Kept(section, "POST without a body", "POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Kept(section, "GET with a body that looks like a request", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        Kept(section, "GET with a chunked body", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

        // :: 16. Connection
        section = "RFC 9112 §9.3, §9.6";
        Kept(section, "1.0 that wants to stay", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        Kept(section, "an option that is not close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n");
        foreach (var options in new[] { "close", "CLOSE", "foo, Close", "close, foo", "keep-alive,close", "foo\r\nConnection: close", ", ,close" })
        {
            Closed(section, $"Connection '{options}'", $"GET / HTTP/1.1\r\nHost: a\r\nConnection: {options}\r\n\r\n", 200);
        }

        // :: 17. Expect
        section = "RFC 9110 §10.1.1";
        Kept(section, "an expectation of 100 without a body", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
        Kept(section, "another expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: beer\r\n\r\n", 417);
        Kept(section, "another expectation with a body", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 101-continue\r\nContent-Length: 3\r\n\r\nabc", 417);
        Closed(section, "an expectation of 100 in 1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 200);

        // :: 18. Upgrade
        section = "RFC 9110 §7.8";
        Kept(section, "an upgrade to h2c", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
        Kept(section, "an upgrade that cannot be", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: frob/0\r\n\r\n");

        // :: 19. Proxies, of which none is trusted here
        section = "RFC 7239 §4";
        foreach (var (name, value) in new[]
        {
            ("For", "192.0.2.7:5, 10.0.0.1"), ("For", "[2001:db8::7]:80, ::ffff:10.1.2.3,10.0.0.2:7"), ("For", "192.0.2.7, 1:2:3:4:5:6:7::\r\nX-Forwarded-For: 10.0.0.1"),
            ("For", "unknown, ,_x"), ("Proto", "https"), ("Host", "b"),
        })
        {
            Kept(section, $"X-Forwarded-{name} '{value}'", $"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-{name}: {value}\r\n\r\n");
        }

        Kept(section, "Forwarded", "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[::1]:80\";proto=https;x=\"a,\\\"\", for=10.0.0.1\r\n\r\n");
        Kept(section, "Forwarded, an open quotation mark", "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=\", for=10.0.0.1\r\n\r\n");
        return all;
    }
}
