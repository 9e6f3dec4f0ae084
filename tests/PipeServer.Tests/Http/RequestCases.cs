using System.Text;

namespace PipeServer.Tests.Http;

/// <summary>
/// The table of request heads and what each of them means. Every case is run whole and at every split point, by the parser's
/// tests and over every transport.
/// </summary>
public static class RequestCases
{
    /// <summary>Heads that are served: name, bytes.</summary>
    public static IEnumerable<(string Name, string Bytes)> Valid
    {
        get
        {
            yield return ("the least 1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("1.0 without Host", "GET / HTTP/1.0\r\n\r\n");
            yield return ("1.2 is served as 1.1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n");
            yield return ("1.9 is served as 1.1", "GET / HTTP/1.9\r\nHost: a\r\n\r\n");
            yield return ("one empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("absolute form", "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("absolute form, https, port, no path", "GET https://A:443 HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("absolute form, query without path", "GET http://a?b HTTP/1.1\r\nHost: a:80\r\n\r\n");
            yield return ("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            yield return ("unknown method", "FROB / HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("lower-case method is another one", "get / HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("every character of a target", "GET /-._~!$&'()*+,;=:@/?[]%41 HTTP/1.1\r\nHost: a\r\n\r\n");
            yield return ("every character of a name", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n");
            yield return ("every byte of a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \t!~\u0080\u0085\u00A0\u00FF x\r\n\r\n");
            yield return ("no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\nX:y\r\n\r\n");
            yield return ("empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY:   \r\n\r\n");
            yield return ("host with port", "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n");
            yield return ("host is IPv6", "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n");
            yield return ("host is IPv6 with port", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
            yield return ("host with underscore", "GET / HTTP/1.1\r\nHost: foo_bar\r\n\r\n");
            yield return ("host with trailing dot", "GET / HTTP/1.1\r\nHost: example.org.\r\n\r\n");
            yield return ("content length 0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            yield return ("content length with leading zeros", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000005\r\n\r\n");
            yield return ("content length 2^63-1", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n");
            yield return ("chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            yield return ("chunked in any case, with white space", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t cHuNkEd\t \r\n\r\n");
            yield return ("longest method", $"{new string('A', 32)} / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }

    /// <summary>Heads that end the connection: name, bytes, status.</summary>
    public static IEnumerable<(string Name, string Bytes, int Status)> Invalid
    {
        get
        {
            // RFC 9112 §2.2, §3: line ends and separators
            yield return ("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("tab between tokens", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("vertical tab between tokens", "GET\v/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("form feed between tokens", "GET /\fHTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("CR between tokens", "GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("nothing between tokens", "GET/HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400);
            yield return ("space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
            yield return ("bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
            yield return ("bare LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400);
            yield return ("bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400);
            yield return ("bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400);
            yield return ("CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400);
            yield return ("CR CR LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", 400);
            yield return ("three empty lines before", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("bare LF before", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("white space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);

            // Method
            yield return ("method with a bracket", "G[T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("method with NUL", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("method beyond ASCII", "G\u00C9T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("method too long", $"{new string('A', 33)} / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("no request line but TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003\r\n\r\n", 400);

            // Target
            foreach (var character in "\u0001\u007F\u0080\u00FF#\"<>\\^`{|}")
            {
                yield return ($"target with 0x{(int)character:x2}", $"GET /a{character}b HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            }

            yield return ("target is a name", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("target is another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("target is empty", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("absolute form, empty host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("absolute form, bad port", "GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("absolute form, userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("absolute form, another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("absolute form, another port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("two asterisks", "OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("asterisk and path", "OPTIONS */x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("CONNECT with a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("CONNECT without port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("GET with authority form", "GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
            yield return ("target over the limit", $"GET /{new string('a', 9000)} HTTP/1.1\r\nHost: a\r\n\r\n", 414);

            // Version
            foreach (var version in new[] { "http/1.1", "HTTP/1", "HTTP/1.11", "HTTP/01.1", "HTTP/1,1", "HTTP/1.x", "HTTP/0.9", "HTTPS/1.1", "HTTP 1.1", "XTTP/1.1", "" })
            {
                yield return ($"version '{version}'", $"GET / {version}\r\nHost: a\r\n\r\n", 400);
            }

            yield return ("HTTP/0.9 simple request", "GET /\r\n", 400);
            yield return ("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
            yield return ("HTTP/3.1", "GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505);
            yield return ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);

            // Fields
            yield return ("space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400);
            yield return ("tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n", 400);
            yield return ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400);
            yield return ("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400);
            yield return ("obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400);
            yield return ("obs-fold with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", 400);
            yield return ("name with a bracket", "GET / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n", 400);
            yield return ("name beyond ASCII", "GET / HTTP/1.1\r\nHost: a\r\n\u00DC: z\r\n\r\n", 400);
            foreach (var character in "\0\u0001\u0008\u000B\u000C\u001F\u007F\r")
            {
                yield return ($"value with 0x{(int)character:x2}", $"GET / HTTP/1.1\r\nHost: a\r\nX: y{character}z\r\n\r\n", 400);
            }

            yield return ("lookalike Content_Length", "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n", 400);
            yield return ("lookalike Transfer_Encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n", 400);
            yield return ("too many fields", $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: y\r\n", 100))}\r\n", 431);
            yield return ("one oversized value", $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('y', 33_000)}\r\n\r\n", 431);
            yield return ("one oversized name", $"GET / HTTP/1.1\r\nHost: a\r\n{new string('y', 33_000)}: x\r\n\r\n", 431);

            // Host
            yield return ("1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400);
            yield return ("1.1 absolute without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400);
            yield return ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
            yield return ("two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400);
            yield return ("two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400);
            foreach (var host in new[]
            {
                "", "a, b", "u@a", "a/b", "a b", "[::1", "::1]", "[]", "[::g]", "[::1]x", "{a}", "a\u00E9", "a:b", "a:65536", "a:-1", "a:80:80", ":80", "a%zz", "[::1]:x", "a?b", "a#b", "http://a",
            })
            {
                yield return ($"Host '{host}'", $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n", 400);
            }

            // Framing
            yield return ("length and coding", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
            yield return ("coding and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400);
            yield return ("two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400);
            yield return ("two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400);
            foreach (var length in new[] { "+5", "-5", "-0", "0x5", "5_0", "5 0", "5a", "", "5, 5", "5,", "9223372036854775808", "99999999999999999999", "\u00B2" })
            {
                yield return ($"Content-Length '{length}'", $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n", 400);
            }

            yield return ("coding in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
            foreach (var coding in new[]
            {
                "xchunked", "chunkedx", "\"chunked\"", "chunked;a=b", "chunked, chunked", "chunked, gzip", "", ",", "chunked,", ",chunked", "chunked\u00A0", "\u0085chunked", "identity, chunked, identity", "gz ip",
            })
            {
                yield return ($"Transfer-Encoding '{coding}'", $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n", 400);
            }

            yield return ("two codings chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
            yield return ("unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
            yield return ("unknown coding alone", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501);
        }
    }

    public static byte[] Encode(string text) => Encoding.Latin1.GetBytes(text);
}
