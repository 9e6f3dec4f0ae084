using System.Runtime.Intrinsics.X86;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Fuzz;

/// <summary>
/// Holds the pass over ordinary heads against the parser of all heads, for one input: all that can be observed of the two, by both
/// implementations, whole and cut off, with anything behind the input, and with limits that it just keeps or just exceeds.
/// </summary>
internal static class HeadCheck
{
    private static readonly RequestLimits Limits = new(8 * 1024, 32 * 1024, 100);

    // What may lie behind the input from earlier on.
    private static readonly byte[][] Stale =
    [
        new byte[8], "\r\n\r\n\r\n\r\n"u8.ToArray(), "aaaaaaaa"u8.ToArray(), "\nX: y\r\n\r"u8.ToArray(), ": \r\n\r\n\r\n"u8.ToArray(),
        " HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), [0xFF, 0x80, 0xA0], " \t\r\n"u8.ToArray(),
    ];

    /// <summary>Null, or what the two do not agree about.</summary>
    /// <param name="input">The bytes of a request.</param>
    /// <param name="split">Where they are cut off; it also chooses what lies around them.</param>
    public static string? Find(byte[] input, int split) => Find(input, split, out _);

    /// <summary>The same.</summary>
    /// <param name="input">The bytes of a request.</param>
    /// <param name="split">As above.</param>
    /// <param name="isTaken">The head is ordinary.</param>
    public static string? Find(byte[] input, int split, out bool isTaken)
    {
        var expected = Parse(input, Limits, out var whole);
        var difference = Compare(input, input.Length, expected, split, Limits, out isTaken)
            ?? Compare(input, split, Parse(input[..split], Limits, out _), split, Limits, out _);
        if (difference is not null || whole is null)
        {
            return difference;
        }

        // Each limit, exactly kept and exceeded by one.
        var requestLine = Array.IndexOf(input, (byte)'\r');
        for (var over = 0; over <= 1; over++)
        {
            RequestLimits[] tight =
            [
                Limits with { MaxRequestLineBytes = requestLine - over },
                Limits with { MaxRequestHeadBytes = whole.ByteLength - over },
                Limits with { MaxRequestHeaderCount = whole.Fields.Count - over },
            ];
            foreach (var limits in tight)
            {
                difference ??= Compare(input, input.Length, Parse(input, limits, out _), split, limits, out _);
            }
        }

        return difference;
    }

    /// <summary>An array with the input in it, and something stale around it.</summary>
    /// <param name="input">What the array holds.</param>
    /// <param name="start">Where the input starts.</param>
    /// <param name="slack">How much there is behind it.</param>
    /// <param name="kind">Chooses what that is.</param>
    public static byte[] Place(byte[] input, int start, int slack, int kind)
    {
        var array = new byte[start + input.Length + slack];
        var stale = Stale[kind % Stale.Length];
        for (var index = 0; index < array.Length; index++)
        {
            array[index] = stale[index % stale.Length];
        }

        input.CopyTo(array, start);
        return array;
    }

    private static string? Compare(byte[] input, int length, string expected, int kind, RequestLimits limits, out bool isTaken)
    {
        var start = kind % 3;
        var roomy = Place(input, start, OrdinaryHead.Slack, kind);

        // Whose array of fields is large enough, and which has had the same request before.
        var head = new RequestHead();
        _ = RequestParser.ParseAnyHead(input, head, Limits);
        var difference = CompareOne<ByteClasses128>(roomy, start, length, head, expected, limits, out isTaken);
        if (difference is null && Avx2.IsSupported)
        {
            difference = CompareOne<ByteClasses256>(roomy, start, length, head, expected, limits, out var isTakenToo)
                ?? (isTaken != isTakenToo ? "the two implementations do not take the same" : null);
        }

        // Through the door, with room and without.
        foreach (var array in new[] { roomy, Place(input, start, kind % (OrdinaryHead.Slack + 1), kind) })
        {
            head.Reset();
            var status = RequestParser.Parse(array, start, length, head, limits);
            difference ??= Differ(expected, Describe(status, head));
        }

        return difference;
    }

    private static string? CompareOne<TClasses>(
        byte[] array, int start, int length, RequestHead head, string expected, RequestLimits limits, out bool isTaken)
        where TClasses : struct, IByteClasses
    {
        head.Reset();
        isTaken = OrdinaryHead.TryParse<TClasses>(array, start, length, head, limits);
        return isTaken
            ? Differ(expected, Describe(head.Error == RequestError.None ? ParseStatus.Complete : ParseStatus.Invalid, head))
            : Differ(Describe(ParseStatus.NeedMoreData, new RequestHead()), Describe(ParseStatus.NeedMoreData, head));
    }

    private static string Parse(byte[] input, RequestLimits limits, out RequestHead? complete)
    {
        var head = new RequestHead();
        var status = RequestParser.ParseAnyHead(input, head, limits);
        complete = status == ParseStatus.Complete ? head : null;
        return Describe(status, head);
    }

    private static string? Differ(string expected, string actual) =>
        expected == actual ? null : $"the parser of all heads says\n{ParserCheck.Escape(expected)}\nthe pass over ordinary heads\n{ParserCheck.Escape(actual)}";

    // Of what is refused, or not whole yet, nobody asks for more than the error and the method. But what lies there has to be nothing.
    private static string Describe(ParseStatus status, RequestHead head)
    {
        var text = new StringBuilder($"{status} {head.Error}");
        if (status == ParseStatus.Invalid)
        {
            return text.Append($" {head.Method}").ToString();
        }

        text.Append($" {head.ByteLength} {head.KeepAlive} {head.ExpectsContinue} {head.Framing} {head.NonFatalError} {head.Fields.Count}");
        if (status == ParseStatus.NeedMoreData)
        {
            return text.ToString();
        }

        var latin1 = Encoding.Latin1;
        var target = head.Target;
        text.Append($" {head.Method} {latin1.GetString(head.MethodBytes)} {latin1.GetString(head.TargetBytes)} {target.Form} {target.PathError}")
            .Append($" {target.HasAuthority} {(target.HasAuthority ? target.AuthorityStart : 0)} {target.AuthorityLength} {target.HasQuery}")
            .Append($" {latin1.GetString(head.Path)} {latin1.GetString(head.Query)} {latin1.GetString(head.Host)} {head.MinorVersion}");
        for (var known = KnownHeader.Host; known <= KnownHeader.Lookalike; known++)
        {
            text.Append($" {head.Fields.Has(known)}");
        }

        for (var index = 0; index < head.Fields.Count; index++)
        {
            var field = head.Fields[index];
            var name = head.Fields.Name(index);
            text.Append($"\n{latin1.GetString(name)}={latin1.GetString(head.Fields.Value(index))} {field} {head.Fields.IndexOf(name)}");
        }

        for (var length = 0; length < 64; length++)
        {
            text.Append(head.Fields.MayHave(length) ? '1' : '0');
        }

        return text.ToString();
    }
}
