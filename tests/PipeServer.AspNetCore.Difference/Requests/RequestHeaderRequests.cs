using Difference.Runner;

namespace Difference.Requests;

/// <summary>Headers of requests, as the application sees them.</summary>
internal static class RequestHeaderRequests
{
    private static readonly (string Name, string Value)[] Single =
    [
        ("Accept", "text/html, */*;q=0.1"), ("Accept", ""), ("Accept-Charset", "utf-8"), ("Accept-Encoding", "identity"), ("Accept-Language", "de"),
        ("Authorization", "Basic dTpw"), ("Cache-Control", "no-cache"), ("Cookie", "a=b"), ("Cookie", "a=b; c=d; a=e"), ("Cookie", "a=\"q\"; =x; y; z=%20"),
        ("Content-Type", "text/plain"), ("Content-Type", "not a type"), ("Content-Encoding", "gzip"), ("Date", "yesterday"), ("DNT", "1"),
        ("Expect", "nothing"),
        ("Forwarded", "for=192.0.2.1"), ("From", "a@b.test"), ("If-Match", "*"), ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"), ("Max-Forwards", "3"),
        ("Origin", "null"), ("Pragma", "no-cache"), ("Range", "bytes=0-1"), ("Referer", "http://a.test/"), ("TE", "trailers"), ("Traceparent", "00-0-0-00"),
        ("Translate", "f"), ("Upgrade-Insecure-Requests", "1"), ("User-Agent", "test/1.0 (a; b)"), ("Via", "1.1 proxy"), ("Warning", "199 - \"x\""),
        ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Requested-With", "XMLHttpRequest"), ("X-Own", "value"), ("X-Empty", ""),
        ("X-Inner", "a \t b"), ("X_Under", "score"), ("X.Dot", "dot"), ("X-Quote", "\"a, b\", c"), ("X-Semi", "a;b;c"), ("X-Colon", "a:b"),
        ("x-lower", "value"), ("X-UPPER", "value"), ("Sec-Fetch-Mode", "navigate"), ("Priority", "u=1"), ("Alt-Used", "a.test"), ("Baggage", "k=v"),
    ];

    public static IEnumerable<DifferenceRequest> All =>
        Single.Select(static header => RequestTable.Get($"header {header.Name} '{header.Value}'", "/seen").With(header) with { OverHttp2 = IsForHttp2(header) })
        .Concat(
        [
            Seen("twice").With(("X-Two", "one"), ("X-Two", "two")),
            Seen("twice with an empty one").With(("X-Two", ""), ("X-Two", "two")).OverHttp1Only(),
            Seen("twice in other letters").With(("X-Two", "one"), ("x-two", "two")),
            Seen("Accept twice").With(("Accept", "a/b"), ("Accept", "c/d")),
            Seen("Cookie twice").With(("Cookie", "a=b"), ("Cookie", "c=d")).OverHttp1Only(),
            Seen("Content-Type twice").With(("Content-Type", "a/b"), ("Content-Type", "c/d")).OverHttp1Only(),
            Seen("Authorization twice").With(("Authorization", "a"), ("Authorization", "b")).OverHttp1Only(),
            Seen("long").With(("X-Long", new string('l', 8000))),
            Seen("too long").With(("X-Long", new string('l', 40_000))).OverHttp1Only(),
            Seen("many") with { Headers = [.. Enumerable.Range(0, 80).Select(static number => ($"X-Number-{number}", "value"))] },
            Seen("too many") with { Headers = [.. Enumerable.Range(0, 120).Select(static number => ($"X-Number-{number}", "value"))], OverHttp2 = false },
            Seen("of one letter").With(("X", "y")),
            Seen("UTF-8").With(("X-Text", "f\u00c3\u00bcr")).OverHttp1Only(),
            Seen("Latin-1").With(("X-Text", "f\u00fcr")).OverHttp1Only(),
            Seen("spaces around").With(("X-Text", "   value \t ")).OverHttp1Only(),
            RequestTable.Get("header counted", "/request-header/X-Two").With(("X-Two", "one"), ("X-Two", "two, three")),
            RequestTable.Get("header not there", "/request-header/X-None"),
            RequestTable.Get("header host", "/request-header/Host"),
            RequestTable.Get("header host with a port", "/seen") with { Host = "example.test:8080" },
            RequestTable.Get("header host of IPv6", "/seen") with { Host = "[::1]:80" },
            RequestTable.Get("header host in capitals", "/seen") with { Host = "EXAMPLE.test", OverHttp2 = false },
            RequestTable.Get("header host of IPv4", "/seen") with { Host = "127.0.0.1" },
            RequestTable.Get("seen", "/connection"),
            RequestTable.Get("seen", "/features"),
            RequestTable.Get("seen", "/features/replaced"),
            RequestTable.Get("seen", "/features/revision"),
            RequestTable.Get("seen", "/persistent") with { Times = 3, OverHttp2 = false },
            RequestTable.Get("seen", "/changed").With(("X-Removed", "there")),
            RequestTable.Get("seen", "/changed").With(("X-Removed", "there")) with { Name = "seen /changed twice", Times = 2 },
        ]);

    private static DifferenceRequest Seen(string what) => RequestTable.Get($"headers {what}", "/seen");

    // What the client of .NET refuses or rewrites.
    private static bool IsForHttp2((string Name, string Value) header) =>
        header is not ({ Value: "" } or { Name: "Expect" or "Content-Type" or "Content-Encoding" });
}
