using System.Buffers;
using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>Who the client is by X-Forwarded-For and by Forwarded: tables, among them what an attacker would send, and naive oracles.</summary>
public sealed class ForwardedTests
{
    private const string Trusted = "10.0.0.0/8 2001:db8:a::/48 192.168.0.1";

    private static readonly NetworkPrefix[] Prefixes = [.. Trusted.Split(' ').Select(static text => TrustedProxy.Parse(text).Prefix!.Value)];

    // What stands for nothing: the peer counts.
    private const string Peer = ReferenceForwardedFor.Peer;

    [Theory]
    // Forms of an address
    [InlineData("192.0.2.7", "192.0.2.7:0")]
    [InlineData(" \t192.0.2.7\t ", "192.0.2.7:0")]
    [InlineData("192.0.2.7:567", "192.0.2.7:567")]
    [InlineData("192.0.2.7:00080", "192.0.2.7:80")]
    [InlineData("2001:db8::7", "[2001:db8::7]:0")]
    [InlineData("2001:DB8:0:0:0:0:0:7", "[2001:db8::7]:0")]
    [InlineData("[2001:db8::7]", "[2001:db8::7]:0")]
    [InlineData("[2001:db8::7]:8080", "[2001:db8::7]:8080")]
    [InlineData("::", "[::]:0")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7:0")]
    [InlineData("[::ffff:c000:207]:1", "192.0.2.7:1")]
    [InlineData("2001:db8::192.0.2.7", "[2001:db8::c000:207]:0")]
    // The rightmost hop that is not trusted
    [InlineData("198.51.100.1, 192.0.2.7", "192.0.2.7:0")]
    [InlineData("198.51.100.1, 192.0.2.7, 10.0.0.1", "192.0.2.7:0")]
    [InlineData("198.51.100.1, 192.0.2.7:9, 10.0.0.1:80, [2001:db8:a::1]:80, 192.168.0.1", "192.0.2.7:9")]
    [InlineData("192.0.2.7, ::ffff:10.0.0.1", "192.0.2.7:0")]
    [InlineData("198.51.100.1, 192.168.0.2", "192.168.0.2:0")]
    [InlineData("198.51.100.1,192.0.2.7,10.0.0.1", "192.0.2.7:0")]
    // All are trusted: the first
    [InlineData("10.0.0.9, 10.0.0.8, 10.0.0.7", "10.0.0.9:0")]
    // Several lines are one list
    [InlineData("198.51.100.1|192.0.2.7|10.0.0.1", "192.0.2.7:0")]
    [InlineData("192.0.2.7, 10.0.0.3|10.0.0.2, 10.0.0.1", "192.0.2.7:0")]
    // Empty elements
    [InlineData("", Peer)]
    [InlineData(",,", Peer)]
    [InlineData("|", Peer)]
    [InlineData("192.0.2.7,, ,10.0.0.1,", "192.0.2.7:0")]
    [InlineData(", 192.0.2.7", "192.0.2.7:0")]
    [InlineData("192.0.2.7||10.0.0.1", "192.0.2.7:0")]
    // What is no address ends the walk with the hop that was reached
    [InlineData("unknown", Peer)]
    [InlineData("_hidden", Peer)]
    [InlineData("192.0.2.7, unknown, 10.0.0.1", "10.0.0.1:0")]
    [InlineData("192.0.2.7, _hidden, 10.0.0.2, 10.0.0.1", "10.0.0.2:0")]
    [InlineData("192.0.2.7, nonsense", Peer)]
    [InlineData("\"192.0.2.7\"", Peer)]
    [InlineData("for=192.0.2.7", Peer)]
    [InlineData("192.0.2.7;10.0.0.1", Peer)]
    [InlineData("192.0.2.7 10.0.0.1", Peer)]
    [InlineData("192.0.2", Peer)]
    [InlineData("192.0.2.7.1", Peer)]
    [InlineData("192.0.2.256", Peer)]
    [InlineData("192.0.2.07", Peer)]
    [InlineData("0xC0000207", Peer)]
    [InlineData("3221225991", Peer)]
    [InlineData("192.0.2.7:", Peer)]
    [InlineData("192.0.2.7:65536", Peer)]
    [InlineData("192.0.2.7:000080", Peer)]
    [InlineData("192.0.2.7:-1", Peer)]
    [InlineData("192.0.2.7:80:80", Peer)]
    [InlineData("192.0.2.7:_p", Peer)]
    [InlineData("[192.0.2.7]", Peer)]
    [InlineData("[192.0.2.7]:80", Peer)]
    [InlineData("[2001:db8::7", Peer)]
    [InlineData("2001:db8::7]", Peer)]
    [InlineData("[2001:db8::7]80", Peer)]
    [InlineData("[2001:db8::7]:", Peer)]
    [InlineData("[[2001:db8::7]]", Peer)]
    [InlineData("[]", Peer)]
    [InlineData("[", Peer)]
    [InlineData(":", Peer)]
    [InlineData(":80", Peer)]
    [InlineData("fe80::1%eth0", Peer)]
    [InlineData("[fe80::1%251]", Peer)]
    [InlineData("[v1.x]", Peer)]
    [InlineData("2001:db8::7::", Peer)]
    [InlineData("1:2:3:4:5:6:7", Peer)]
    [InlineData("1:2:3:4:5:6:7:8:9", Peer)]
    [InlineData("1::2:3:4:5:6:7:8", Peer)]
    [InlineData("12345::", Peer)]
    [InlineData("::ffff:192.0.2.07", Peer)]
    [InlineData("192.0.2.7\u00a0", Peer)]
    public void X_Forwarded_For(string value, string expected)
    {
        var lines = value.Split('|').Select(static line => $"X-Forwarded-For: {line}");
        Assert.Equal(expected, Show(ForwardedFor.Find(Parse(lines), Prefixes)));
        Assert.Equal(expected, ReferenceForwardedFor.Find(value.Replace('|', ','), Trusted));
    }

    [Theory]
    [InlineData("for=192.0.2.7", "192.0.2.7:0")]
    [InlineData("For=192.0.2.7;PROTO=HTTPS", "192.0.2.7:0 https")]
    [InlineData("proto=https; for=192.0.2.7 ; by=_x", "192.0.2.7:0 https")]
    [InlineData(";;for=192.0.2.7;;", "192.0.2.7:0")]
    [InlineData("for=\"192.0.2.7\"", "192.0.2.7:0")]
    [InlineData("for=\"192.0.2.7:567\"", "192.0.2.7:567")]
    [InlineData("for=\"192.0.2.7:_p-1\"", "192.0.2.7:0")]
    [InlineData("for=\"[2001:db8::7]\"", "[2001:db8::7]:0")]
    [InlineData("for=\"[2001:db8::7]:80\";proto=\"https\"", "[2001:db8::7]:80 https")]
    [InlineData("for=\"[::ffff:192.0.2.7]\"", "192.0.2.7:0")]
    [InlineData("for=\"1\\92.0.2\\.7\"", "192.0.2.7:0")]
    [InlineData("for=192.0.2.7;proto=wss", "192.0.2.7:0")]
    [InlineData("for=192.0.2.7;proto=\"https,\"", "192.0.2.7:0")]
    [InlineData("for=192.0.2.7;x=\"a, for=198.51.100.1;\\\"b\\\\\"", "192.0.2.7:0")]
    // The rightmost hop that is not trusted, with its own scheme
    [InlineData("for=198.51.100.1;proto=https, for=192.0.2.7;proto=http, for=10.0.0.1;proto=https", "192.0.2.7:0")]
    [InlineData("for=192.0.2.7;proto=https, for=10.0.0.1;proto=http", "192.0.2.7:0 https")]
    [InlineData("for=192.0.2.7;proto=https|for=10.0.0.2|for=10.0.0.1;proto=http", "192.0.2.7:0 https")]
    [InlineData("for=10.0.0.3;proto=https, for=10.0.0.2", "10.0.0.3:0 https")]
    [InlineData("for=192.0.2.7,, ,for=10.0.0.1,", "192.0.2.7:0")]
    // A hop that hides ends the walk with the one before; what the peer itself says of the scheme counts
    [InlineData("for=unknown", Peer)]
    [InlineData("for=unknown;proto=https", Peer + " https")]
    [InlineData("proto=https", Peer + " https")]
    [InlineData("for=\"\";proto=https", Peer + " https")]
    [InlineData("for=192.0.2.7, for=_hidden;proto=https, for=10.0.0.1;proto=http", "10.0.0.1:0")]
    [InlineData("for=192.0.2.7, by=192.0.2.8, for=10.0.0.1;proto=https", "10.0.0.1:0 https")]
    [InlineData("for=\"_192.0.2.7\"", Peer)]
    [InlineData("for=\"192.0.2.7:_\"", Peer)]
    [InlineData("for=\"192.0.2.7:_a b\"", Peer)]
    [InlineData("for=\"192.0.2.7 \"", Peer)]
    [InlineData("for=\"2001:db8::7\"", Peer)]
    [InlineData("for=\"[fe80::1%1]\"", Peer)]
    // So does what is malformed
    [InlineData("for=192.0.2.7;for=198.51.100.1", Peer)]
    [InlineData("for=192.0.2.7;proto=https;proto=http", Peer)]
    [InlineData("for=192.0.2.7:80", Peer)]
    [InlineData("for=[2001:db8::7]", Peer)]
    [InlineData("for = 192.0.2.7", Peer)]
    [InlineData("for=192.0.2.7 proto=https", Peer)]
    [InlineData("for=", Peer)]
    [InlineData("for", Peer)]
    [InlineData("192.0.2.7", Peer)]
    [InlineData("=192.0.2.7", Peer)]
    [InlineData("for=\"192.0.2.7", Peer)]
    [InlineData("for=192.0.2.7\"", Peer)]
    [InlineData("for=\"192.0.2.7\\\"", Peer)]
    [InlineData("for=\"192.0.2.7\"x", Peer)]
    [InlineData("for=192.0.2.7;x=\"", Peer)]
    [InlineData("for=192.0.2.7, x=\"", Peer)]
    [InlineData("f\u00f6r=192.0.2.7", Peer)]
    // A client cannot swallow what the proxies add, whatever it begins and does not end
    [InlineData("for=\"198.51.100.1, for=192.0.2.7", "192.0.2.7:0")]
    [InlineData("\"\\, for=\"192.0.2.7:5\", for=10.0.0.1", "192.0.2.7:5")]
    [InlineData("x=\"\\\"|for=192.0.2.7", "192.0.2.7:0")]
    [InlineData("\", for=192.0.2.7;x=\"a,b\", for=10.0.0.1", "192.0.2.7:0")]
    public void Forwarded_of_RFC_7239(string value, string expected)
    {
        var lines = value.Split('|').Select(static line => $"Forwarded: {line}");
        Assert.Equal(expected, Show(Forwarded.Find(Parse(lines), Prefixes)));
    }

    [Theory]
    [InlineData("192.0.2.7", "https", true)]
    [InlineData("192.0.2.7", "HttpS", true)]
    [InlineData("192.0.2.7", "http", false)]
    [InlineData("192.0.2.7", "ftp", false)]
    [InlineData("192.0.2.7", "https://", false)]
    [InlineData("192.0.2.7", "", false)]
    [InlineData("", "https", true)]
    [InlineData("unknown", "https", true)]
    // As many as there are addresses: the one beside the hop that counts
    [InlineData("192.0.2.7, 10.0.0.1", "https, http", true)]
    [InlineData("192.0.2.7, 10.0.0.1", "http, https", false)]
    [InlineData("198.51.100.1, 192.0.2.7", "https, http", false)] // the first is the client's own word
    [InlineData("192.0.2.7, 10.0.0.2, 10.0.0.1", "https|http, http", true)]
    // Fewer: one proxy has set it for those behind it
    [InlineData("192.0.2.7, 10.0.0.2, 10.0.0.1", "https", true)]
    [InlineData("192.0.2.7, 10.0.0.2, 10.0.0.1", "https, http", true)]
    // More: what stands before came from the client
    [InlineData("192.0.2.7", "https, http", false)]
    [InlineData("", "https, http", false)]
    [InlineData("192.0.2.7", "https,,http,", false)]
    [InlineData("unknown, 10.0.0.1", "https, http", false)]
    public void X_Forwarded_Proto(string addresses, string schemes, bool isHttps)
    {
        var fields = Parse(
            [.. addresses.Split('|').Select(static line => $"x-forwarded-for: {line}"), .. schemes.Split('|').Select(static line => $"X-FORWARDED-PROTO: {line}")]);
        Assert.Equal(isHttps, ForwardedFor.Find(fields, Prefixes).IsHttps);
    }

    // The work for a request is bounded, however long its list: behind the last hop that is looked at nothing counts.
    [Theory]
    [InlineData(63, "192.0.2.7:0")]
    [InlineData(64, "10.0.0.1:0")]
    [InlineData(5000, "10.0.0.1:0")]
    public void A_list_has_an_end(int trusted, string expected)
    {
        var hops = string.Join(',', Enumerable.Repeat("10.0.0.1", trusted));
        Assert.Equal(expected, Show(ForwardedFor.Find(Parse([$"X-Forwarded-For: 192.0.2.7,{hops}"]), Prefixes)));
        hops = string.Join(',', Enumerable.Repeat("for=10.0.0.1", trusted));
        Assert.Equal(expected, Show(Forwarded.Find(Parse([$"Forwarded: for=192.0.2.7,{hops}"]), Prefixes)));
        var empty = new string(',', trusted);
        Assert.Equal(trusted < 64 ? "192.0.2.7:0" : Peer, Show(ForwardedFor.Find(Parse([$"X-Forwarded-For: 192.0.2.7{empty}"]), Prefixes)));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(20_000)]
    public void An_element_that_is_too_long_is_no_hop(int length)
    {
        var long0 = "192.0.2.7:" + new string('0', length);
        Assert.Equal("10.0.0.1:0", Show(ForwardedFor.Find(Parse([$"X-Forwarded-For: 192.0.2.7,{long0},10.0.0.1"]), Prefixes)));
        var escaped = string.Concat(Enumerable.Repeat("\\1", length));
        Assert.Equal("10.0.0.1:0", Show(Forwarded.Find(Parse([$"Forwarded: for=192.0.2.7,for=\"{escaped}\",for=10.0.0.1"]), Prefixes)));
        Assert.Equal(Peer, Show(Forwarded.Find(Parse([$"Forwarded: for=192.0.2.7{new string('"', length + 1)}"]), Prefixes)));
    }

    // Wherever the bytes of the head are cut, the hops are the same.
    [Fact]
    public void The_answer_is_the_same_at_every_split()
    {
        var bytes = Encoding.ASCII.GetBytes(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7:5, 10.0.0.2\r\nForwarded: for=\"192.0.2.8:6\";proto=https\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
        for (var split = 0; split <= bytes.Length; split++)
        {
            var head = new RequestHead();
            RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, split)), head, Limits);
            if (split < bytes.Length)
            {
                Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(bytes), head, Limits));
            }

            Assert.Equal("192.0.2.7:5", Show(ForwardedFor.Find(head.Fields, Prefixes)));
            Assert.Equal("192.0.2.8:6 https", Show(Forwarded.Find(head.Fields, Prefixes)));
        }
    }

    // Lists of good and bad elements at random, against split, trim and regular expressions.
    [Fact]
    public void X_Forwarded_For_is_read_as_a_naive_reader_reads_it()
    {
        var element = Gen.Elements(
            "10.0.0.1", "10.255.0.1:80", "192.168.0.1", "2001:db8:a::1", "[2001:db8:a:1::]:7", "::ffff:10.1.1.1", "192.0.2.7", "192.0.2.7:70000", "2001:db8::7",
            "[2001:db8::7]:1", "unknown", "_x", "", " ", "\t10.0.0.9 ", "10.0.0.1.", "[10.0.0.1]", "a", "10.0.0.1 10.0.0.2", "010.0.0.1", "::1", "fe80::1%1");
        var separator = Gen.Frequency((8, Gen.Constant(",")), (8, Gen.Constant(", ")), (1, Gen.Constant("|")), (1, Gen.Constant(";")));
        var value = Gen.ListOf(Gen.Zip(element, separator)).Select(static pairs => string.Concat(pairs.Select(static pair => pair.Item1 + pair.Item2)));
        Prop.ForAll(Arb.From(value), static text =>
            Show(ForwardedFor.Find(Parse(text.Split('|').Select(static line => $"X-Forwarded-For: {line}")), Prefixes)) == ReferenceForwardedFor.Find(text.Replace('|', ','), Trusted))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    // Well-formed elements at random, behind anything that a client may send: the answer is that of the elements.
    [Fact]
    public void Forwarded_is_what_the_proxies_have_written_whatever_stands_before()
    {
        var trusted = Gen.Elements("10.0.0.1", "\"10.0.0.2:80\"", "\"[2001:db8:a::1]\"", "\"192.168.0.1:_p\"", "\"\\1\\0.0.0.1\"");
        var more = Gen.Elements("", ";by=_x", ";x=\"a,b\"", ";x=\"\\\"\"", "; secret=\"\\\\\"", ";host=\"for=1.2.3.4, \\\",\"", ";;");
        var scheme = Gen.Elements("", ";proto=http", ";proto=https", ";Proto=\"https\"");
        var junk = from length in Gen.Choose(0, 30)
                   from text in Gen.ArrayOf(Gen.Elements("\"\\,;= for1.:[]_a\t|".ToCharArray()), length)
                   select new string(text);
        var lists =
            from hops in Gen.ListOf(Gen.Zip(Gen.Zip(trusted, scheme), more))
            from own in Gen.Zip(scheme, more)
            from client in junk
            from comma in Gen.Elements(",", " , ", "|", ",,")
            select (Client: client, Own: $"for=192.0.2.7{own.Item1}{own.Item2}", Comma: comma,
                Hops: string.Concat(hops.Take(20).Select(hop => $"{comma}for={hop.Item1.Item1}{hop.Item1.Item2}{hop.Item2}")));
        Prop.ForAll(Arb.From(lists), static list =>
            Show(Forwarded.Find(
                Parse($"{list.Client}{list.Comma}{list.Own}{list.Hops}".Split('|').Select(static line => $"Forwarded: {line}")), Prefixes))
            == "192.0.2.7:0" + (list.Own.Contains("proto=https", StringComparison.OrdinalIgnoreCase) || list.Own.Contains("\"https\"") ? " https" : ""))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    private static RequestLimits Limits { get; } = new(8192, 1 << 20, 10_000);

    private static HeaderFields Parse(IEnumerable<string> lines)
    {
        var head = new RequestHead();
        var bytes = Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(lines.Select(static line => line + "\r\n"))}\r\n");
        Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(bytes), head, Limits));
        return head.Fields;
    }

    private static string Show(ForwardedClient client) =>
        (client.Address is { } address ? $"{new IPEndPoint(address.ToIPAddress(), client.Port)}" : Peer) + (client.IsHttps ? " https" : "");
}
