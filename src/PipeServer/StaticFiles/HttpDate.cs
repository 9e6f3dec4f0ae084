using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §5.6.7: HTTP-date = IMF-fixdate / obs-date, of which a recipient takes all three forms.</summary>
internal static class HttpDate
{
    private static readonly string[] Formats =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'", // IMF-fixdate:  Sun, 06 Nov 1994 08:49:37 GMT
        "dddd, dd-MMM-yy HH:mm:ss 'GMT'", // rfc850-date:  Sunday, 06-Nov-94 08:49:37 GMT
        "ddd MMM d HH:mm:ss yyyy", // asctime-date: Sun Nov  6 08:49:37 1994, a one-digit day behind two spaces
    ];

    /// <summary>False for what is no date, or has the wrong day of the week.</summary>
    public static bool TryParse(string text, out DateTimeOffset date) => DateTimeOffset.TryParseExact(
        text.Replace("  ", " ", StringComparison.Ordinal), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    /// <summary>As a server sends it.</summary>
    public static string Format(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);
}
