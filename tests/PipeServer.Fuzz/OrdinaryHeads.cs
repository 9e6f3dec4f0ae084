using System.Text;

namespace PipeServer.Fuzz;

/// <summary>Heads as clients send them, all of which <see cref="PipeServer.Http.OrdinaryHead"/> takes.</summary>
public static class OrdinaryHeads
{
    /// <summary>Every head as text; the name of a case is the start of it.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:a\r\n\r\n",
        "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: localhost:65535\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n",
        "HEAD /a/b/c.html HTTP/1.1\r\nhost: www.example.org\r\nconnection: close\r\n\r\n",
        "PUT /items/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n",
        "DELETE /items/7 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Space: \r\n\r\n",
        "PATCH /items/7 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "OPTIONS /items HTTP/1.1\r\nOrigin: http://a.example\r\nHost: b\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
        "TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /form HTTP/1.1\r\nHost: a_b-c.example\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
        "GET /?a=b%20c&d=/../e\\f?g HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n",
        "GET /a|b^c{d}`e HTTP/1.1\r\nHost: a\r\nCOOKIE: a=1; b=2\r\nCookie: c=3\r\n\r\n",
        "GET /a.b/c.d//e;f=g,h:i@j!k$l&m'n(o)p*q+r[s]~t HTTP/1.1\r\nHost: a\r\nDate: today\r\nServer: none\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a\r\nX-Text: caf\u00C3\u00A9 \u00FF\tb\r\nX-Not_A: Host: b\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: %61\r\nX-A-1: 1\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a:\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a:0000080\r\n\r\n",
        "POST /ab HTTP/1.1\r\nHost: a\r\nExpect: beer\r\nContent-Length: 1\r\n\r\n",

        // What the rules refuse in a head whose lines are right.
        "GET /ab HTTP/1.1\r\nX: y\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: \r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET /ab HTTP/1.1\r\nHost: :80\r\n\r\n",
        "POST /ab HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST /ab HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST /ab HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /ab HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        Browser,
    ];

    private const string Browser = "GET /articles/2026/11/21/a-title-of-some-length?utm_source=somewhere&page=2 HTTP/1.1\r\n"
        + "Host: www.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
        + "sec-ch-ua: \"Chromium\";v=\"156\", \"Not.A/Brand\";v=\"8\"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\n"
        + "Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n"
        + "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
        + "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nX-17: 17\r\nX-18: 18\r\n\r\n";

    /// <summary>The same as bytes.</summary>
    public static IEnumerable<byte[]> Encoded => All.Select(Encoding.Latin1.GetBytes);
}
