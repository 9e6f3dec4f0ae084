using System.Globalization;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>Judges heads and trailers by RFC 9113 §8.2 and §8.3, and by what a routine client sends.</summary>
internal static class HeadJudge
{
    private const int MaxSize = 8192;
    private const int MaxFields = 60;

    /// <summary>Judges the head of a request.</summary>
    public static HeadVerdict Judge(IReadOnlyList<Field> fields)
    {
        string? Pseudo(string name) => fields.FirstOrDefault(field => field.Name == name).Value;
        var lastPseudo = fields.TakeWhile(static field => field.Name.StartsWith(':')).Count();
        var method = Pseudo(":method");
        if (fields.Any(IsMalformed) || fields.Skip(lastPseudo).Any(static field => field.Name.StartsWith(':'))
            || fields.Take(lastPseudo).GroupBy(static field => field.Name).Any(static group => group.Count() > 1)
            || fields.Take(lastPseudo).Any(static field => field.Name is not (":method" or ":scheme" or ":path" or ":authority" or ":protocol"))
            || method is null or ""
            || (method != "CONNECT" && (Pseudo(":scheme") is null or "" || Pseudo(":path") is null or "")))
        {
            return HeadVerdict.Malformed;
        }

        var path = Pseudo(":path");
        return method is "GET" or "HEAD" or "POST"
            && Pseudo(":scheme") is "http" or "https" && Pseudo(":authority") is "localhost" && Pseudo(":protocol") is null
            && IsPlain(path!)
            && fields.Count < MaxFields && fields.Sum(static field => field.Size) < MaxSize
            && fields.Skip(lastPseudo).All(IsRoutine)
            && fields.Count(static field => field.Name is "content-length") <= 1
            ? HeadVerdict.Right
            : HeadVerdict.Doubtful;
    }

    /// <summary>Judges the fields behind a body, where <c>te</c> means nothing, whatever it says.</summary>
    public static HeadVerdict JudgeTrailers(IReadOnlyList<Field> fields) =>
        fields.Any(static field => field.Name.StartsWith(':') || (field.Name != "te" && IsMalformed(field))) ? HeadVerdict.Malformed
        : fields.All(static field => field.Name != "te" && IsRoutine(field)) && fields.Count < MaxFields ? HeadVerdict.Right
        : HeadVerdict.Doubtful;

    /// <summary>The length that a head tells; null for none, or none that is a number.</summary>
    public static long? ContentLength(IReadOnlyList<Field> fields) =>
        fields.FirstOrDefault(static field => field.Name == "content-length").Value is { } text
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;

    // RFC 9113 §8.2.1, §8.2.2: what has to be treated as malformed.
    private static bool IsMalformed(Field field)
    {
        var name = field.Name.StartsWith(':') ? field.Name[1..] : field.Name;
        return name.Length == 0 || name.Any(static one => one is <= ' ' or >= 'A' and <= 'Z' or >= '\x7f' or ':')
            || field.Value.Any(static one => one is '\0' or '\r' or '\n')
            || (field.Value.Length > 0 && (field.Value[0] is ' ' or '\t' || field.Value[^1] is ' ' or '\t'))
            || field.Name is "connection" or "keep-alive" or "proxy-connection" or "transfer-encoding" or "upgrade"
            || (field.Name == "te" && field.Value != "trailers" && !string.Equals(field.Value, "trailers", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsPlain(string path) =>
        path.Split('/') is ["", var route, { Length: > 0 } rest] && Http2FuzzServer.Routes.Contains(route, StringComparer.Ordinal)
        && rest.All(static one => char.IsAsciiDigit(one) || one is >= 'a' and <= 'z');

    // Fields that the server does not look at, and two that it does.
    private static bool IsRoutine(Field field) =>
        (field.Name.StartsWith("x-", StringComparison.Ordinal) && !field.Name.StartsWith("x-f", StringComparison.Ordinal)
            && field.Name.All(static one => one is '-' or >= 'a' and <= 'z' || char.IsAsciiDigit(one)) && field.Value.All(static one => one is >= ' ' and <= '~'))
        || (field.Name is "cookie" && field.Value.All(static one => char.IsAsciiLetterOrDigit(one) || one == '='))
        || (field.Name is "user-agent" or "accept" or "accept-encoding" && field.Value.All(static one => char.IsAsciiLetterOrDigit(one) || one is '*' or '/' or ' ' or ','))
        || (field.Name is "te" && field.Value == "trailers")
        || (field.Name is "content-length" && field.Value is { Length: > 0 and < 9 } && field.Value.All(char.IsAsciiDigit) && (field.Value == "0" || field.Value[0] != '0'))
        || (field.Name is "priority" && field.Value is "u=1" or "u=5, i" or "i");
}
