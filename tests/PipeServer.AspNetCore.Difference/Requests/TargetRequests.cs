using System.Buffers;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>Paths and queries: escapes, dots, slashes, characters that no browser sends.</summary>
internal static class TargetRequests
{
    private static readonly string[] Paths =
    [
        "/seen", "/seen/", "/seen/a/b", "/seen//double", "/seen/a%20b", "/seen/a+b", "/seen/a%2Fb", "/seen/a%2fb", "/seen/a%5Cb", "/seen/%41%42",
        "/seen/%C3%A4", "/seen/%e4", "/seen/%FF%FE", "/seen/%E6%97%A5", "/seen/%25", "/seen/%2525", "/seen/%", "/seen/%4", "/seen/%zz", "/seen/%00",
        "/seen/%7F", "/seen/%0D%0A", "/seen/%2E%2E/x", "/seen/./x", "/seen/x/../y", "/seen/x/..", "/seen/x/.", "/seen/../../x", "/seen/...", "/seen/.hidden",
        "/seen/~user", "/seen/a;b=c", "/seen/a:b", "/seen/a@b", "/seen/a,b", "/seen/(a)", "/seen/a'b", "/seen/!$&*=", "/seen/a|b", "/seen/a^b",
        "/seen/{a}", "/seen/[a]", "/seen/a\"b", "/seen/<a>", "/seen/a`b", "/seen/a\\b", "/seen/%3F", "/seen/%23", "/seen/%C0%AF", "/seen/%C3", "/seen/%C3%28",
        "/seen/%F0%9F%98%80", "/seen/%ED%A0%80", "/seen/%2f%2F", "/seen/a%2Eb", "/SEEN/upper", "/values/a", "/values/a%2Fb/c", "/values/a%20b/%C3%A4",
        "/values/a/b/c", "/values//b", "/values/", "/based", "/based/", "/based/more/%41", "/basedless", "/BASED/x", "/", "/nowhere", "/alive/", "/Alive",
    ];

    private static readonly string[] Queries =
    [
        "?", "?a", "?a=", "?=b", "?a=b", "?a=b&a=c", "?a=b&&c=d", "?a=%20", "?a=+", "?a=%2B", "?a=%C3%A4", "?a=%E4", "?a=%", "?a=%zz", "?a=b=c", "?a=b?c",
        "?a=/../x", "?a[]=1&a[]=2", "?A=1&a=2", "?a=%00", "?a=\"quoted\"", "?a={x}", "?a|b", "?a=<x>", "?a=b;c=d", "?a=%26", "?%41=1", "?a.b[c]=d",
    ];

    private static readonly SearchValues<char> Unusual = SearchValues.Create("\"<>`\\|^{}[] ");

    public static IEnumerable<DifferenceRequest> All => Enumerable.Concat(
        Paths.Select(static path => RequestTable.Get("path", path) with { OverHttp2 = IsForEveryClient(path) }),
        Queries.Select(static query => RequestTable.Get("query", $"/seen{query}") with { OverHttp2 = IsForEveryClient(query) })).Concat(
        [
            RequestTable.Get("query", $"/seen?long={new string('q', 4000)}") with { Name = "query long" },
            RequestTable.Get("path", $"/seen/{new string('p', 4000)}") with { Name = "path long" },
            RequestTable.Get("path", $"/seen/{new string('p', 10_000)}") with { Name = "path too long", OverHttp2 = false },
            RequestTable.Get("target", "http://example.test/seen/absolute?x=1").OverHttp1Only(),
            RequestTable.Get("target", "http://EXAMPLE.test:80/seen/absolute").OverHttp1Only(),
            RequestTable.Get("target", "http://other.test/seen/absolute").OverHttp1Only(),
            RequestTable.Get("target", "http://example.test").OverHttp1Only(),
            RequestTable.Get("target", "https://example.test/seen/secure").OverHttp1Only(),
            RequestTable.Get("target", "ftp://example.test/seen").OverHttp1Only(),
            RequestTable.Get("target", "seen").OverHttp1Only(),
            RequestTable.Get("target", "*").OverHttp1Only(),
            RequestTable.Get("target", "?a=b").OverHttp1Only(),
            RequestTable.Get("target", "/seen#fragment").OverHttp1Only(),
            RequestTable.Get("target", "/seen?a=b#fragment").OverHttp1Only(),
            new DifferenceRequest("target options star", "OPTIONS", "*").OverHttp1Only(),
            new DifferenceRequest("target connect", "CONNECT", "example.test:443").OverHttp1Only(),
            new DifferenceRequest("target connect path", "CONNECT", "/seen").OverHttp1Only(),
        ]);

    // The client of .NET takes all but these from an address as it stands.
    private static bool IsForEveryClient(string target) => !target.AsSpan().ContainsAny(Unusual) && target is not "?" && !target.Contains('#');
}
