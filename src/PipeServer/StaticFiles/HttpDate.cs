using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §5.6.7: HTTP-date = IMF-fixdate / obs-date, of which a recipient takes all three forms.</summary>
internal static class HttpDate
{
    private static readonly string[] Formats =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'", // IMF-fixdate:  Sun, 06 Nov 1994 08:49:37 GMT
        "ddd MMM dd HH:mm:ss yyyy", // asctime-date: Sun Nov 16 08:49:37 1994
        "ddd MMM  d HH:mm:ss yyyy", // a one-digit day stands behind two spaces
    ];

    /// <summary>False for a text that is not a date, or has the wrong day of the week.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="now">The time, for years of two digits.</param>
    /// <param name="date">What it says, in UTC.</param>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset date)
    {
        // The grammar has leap seconds; .NET has none.
        const string LeapSecond = ":60 ";
        var isLeap = text.Contains(LeapSecond, StringComparison.Ordinal);
        var parsable = isLeap ? text.Replace(LeapSecond, ":59 ", StringComparison.Ordinal) : text;
        if (!TryParseExact(parsable, Formats, out date) && !TryParseShortYear(parsable, now, out date))
        {
            return false;
        }

        date = isLeap && date < DateTimeOffset.MaxValue.AddSeconds(-1) ? date.AddSeconds(1) : date;
        return true;
    }

    /// <summary>As a server sends it.</summary>
    public static string Format(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);

    // rfc850-date: Sunday, 06-Nov-94 08:49:37 GMT. A date that would lie more than fifty years ahead means the last year in the past
    // that ends in the same two digits: to the second, not to the year, and counted from today, not from the start of the process.
    private static bool TryParseShortYear(string text, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        var year = text.LastIndexOf('-') + 1;
        if (comma < 0 || year + 2 >= text.Length || !char.IsAsciiDigit(text[year]) || !char.IsAsciiDigit(text[year + 1]) || text[year + 2] != ' ')
        {
            return false;
        }

        var latest = now.AddYears(50);
        for (var century = latest.Year / 100; century >= (latest.Year / 100) - 1; century--)
        {
            // The day of the week is checked last: it is right in one century only.
            var long850 = string.Create(CultureInfo.InvariantCulture, $"{text[(comma + 1)..year]}{century:00}{text[year..]}");
            if (TryParseExact(long850, [" dd-MMM-yyyy HH:mm:ss 'GMT'"], out date) && date <= latest)
            {
                return text.AsSpan(0, comma).Equals(
                    CultureInfo.InvariantCulture.DateTimeFormat.GetDayName(date.DayOfWeek), StringComparison.OrdinalIgnoreCase);
            }
        }

        return false;
    }

    private static bool TryParseExact(string text, string[] formats, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);
}
