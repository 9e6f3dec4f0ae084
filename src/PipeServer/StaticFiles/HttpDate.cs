using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §5.6.7: HTTP-date = IMF-fixdate / obs-date, of which a recipient takes all three forms.</summary>
internal static class HttpDate
{
    private static readonly string[] Formats =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'", // IMF-fixdate:  Sun, 06 Nov 1994 08:49:37 GMT
        "dddd, dd-MMM-yy HH:mm:ss 'GMT'", // rfc850-date:  Sunday, 06-Nov-94 08:49:37 GMT
        "ddd MMM dd HH:mm:ss yyyy", // asctime-date: Sun Nov 16 08:49:37 1994
        "ddd MMM  d HH:mm:ss yyyy", // a one-digit day stands behind two spaces
    ];

    private static readonly CultureInfo Culture = CreateCulture();

    /// <summary>False for a text that is not a date, or has the wrong day of the week.</summary>
    public static bool TryParse(string text, out DateTimeOffset date)
    {
        // The grammar has leap seconds; .NET has none.
        const string LeapSecond = ":60 ";
        var isLeap = text.Contains(LeapSecond, StringComparison.Ordinal);
        var parsable = isLeap ? text.Replace(LeapSecond, ":59 ", StringComparison.Ordinal) : text;
        if (!DateTimeOffset.TryParseExact(parsable, Formats, Culture, DateTimeStyles.AssumeUniversal, out date))
        {
            return false;
        }

        date = isLeap ? date.AddSeconds(1) : date;
        return true;
    }

    /// <summary>As a server sends it.</summary>
    public static string Format(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);

    // Two digits that would be more than fifty years in the future mean the past.
    private static CultureInfo CreateCulture()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.Calendar = new GregorianCalendar { TwoDigitYearMax = TimeProvider.System.GetUtcNow().Year + 50 };
        return culture;
    }
}
