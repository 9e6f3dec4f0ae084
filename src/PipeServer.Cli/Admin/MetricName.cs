using System.Globalization;
using System.Text;

namespace PipeServer.Cli.Admin;

/// <summary>
/// Names, units and attributes of OpenTelemetry as Prometheus has them (OpenTelemetry's "Prometheus and OpenMetrics Compatibility"):
/// <c>http.server.request.duration</c> in <c>s</c> is <c>http_server_request_duration_seconds</c>. Pure functions.
/// </summary>
internal static class MetricName
{
    /// <summary>What the sample of a counter ends with.</summary>
    public const string CounterSuffix = "_total";

    /// <summary>The name of a metric family, without the ending of a counter's samples.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="unit">The instrument's unit by UCUM, or null.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="unitWord">The unit as Prometheus calls it, where the name ends with it; otherwise empty.</param>
    public static string Of(string name, string? unit, MetricKind kind, out string unitWord)
    {
        var family = Sanitize(name);
        if (family.EndsWith(CounterSuffix, StringComparison.Ordinal))
        {
            family = family[..^CounterSuffix.Length];
        }

        unitWord = UnitWord(unit, kind);
        if (unitWord.Length > 0 && !Array.Exists(family.Split('_'), unitWord.Equals) && !family.EndsWith($"_{unitWord}", StringComparison.Ordinal))
        {
            family += $"_{unitWord}";
        }

        if (kind != MetricKind.Histogram)
        {
            family = WithoutReservedEnding(family);
        }

        // OpenMetrics wants a unit only where the name ends with it.
        unitWord = family.EndsWith($"_{unitWord}", StringComparison.Ordinal) ? unitWord : "";
        return family;
    }

    /// <summary>A name with each run of characters that Prometheus does not take made one underscore.</summary>
    public static string Sanitize(string name)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c) || c == ':')
            {
                _ = clean.Length == 0 && char.IsAsciiDigit(c) ? clean.Append('_') : clean;
                clean.Append(c);
            }
            else if (clean.Length == 0 || clean[^1] != '_')
            {
                clean.Append('_');
            }
        }

        return clean.Length == 0 ? "_" : clean.ToString();
    }

    /// <summary>
    /// The attributes of a series as they stand between braces, sorted by their names; empty without any. Where two attributes have one name in
    /// Prometheus, their values are joined with a semicolon, in the order of their own names.
    /// </summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        // By their names in Prometheus, then by their own: a handful, so that each finds its place among those before it.
        var keys = new string[tags.Length];
        var names = new string[tags.Length];
        var texts = new string[tags.Length];
        for (var count = 0; count < tags.Length; count++)
        {
            var key = tags[count].Key;
            var name = LabelName(key);
            var at = count;
            for (; at > 0 && IsBefore(name, names[at - 1], key, keys[at - 1]); at--)
            {
                (keys[at], names[at], texts[at]) = (keys[at - 1], names[at - 1], texts[at - 1]);
            }

            (keys[at], names[at], texts[at]) = (key, name, Text(tags[count].Value));
        }

        var joined = new StringBuilder();
        for (var i = 0; i < names.Length; i++)
        {
            var isSame = i > 0 && names[i] == names[i - 1];
            _ = isSame ? joined.Append(';') : joined.Append(i > 0 ? "\"," : "").Append(names[i]).Append("=\"");
            AppendEscaped(joined, texts[i], escapesQuotes: true);
        }

        joined.Append('"');
        return joined.ToString();
    }

    private static bool IsBefore(string name, string otherName, string key, string otherKey) =>
        string.CompareOrdinal(name, otherName) is var order && (order < 0 || (order == 0 && string.CompareOrdinal(key, otherKey) < 0));

    private static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Appends a text with backslashes and line ends escaped, and quotation marks where they would end it.</summary>
    public static StringBuilder AppendEscaped(StringBuilder to, string text, bool escapesQuotes)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => to.Append(@"\\"),
                '\n' => to.Append(@"\n"),
                '"' when escapesQuotes => to.Append("\\\""),
                _ => to.Append(c),
            };
        }

        return to;
    }

    // Those are of the samples of histograms: worker_count is workers.
    private static string WithoutReservedEnding(string family)
    {
        const string Count = "_count";
        return family.EndsWith(Count, StringComparison.Ordinal) && family.Length > Count.Length ? Plural(family[..^Count.Length])
            : family.EndsWith("_sum", StringComparison.Ordinal) || family.EndsWith("_bucket", StringComparison.Ordinal) ? Plural(family)
            : family;

        static string Plural(string name) => name.EndsWith('s') ? name : name + "s";
    }

    // Names that begin with two underscores are Prometheus's own.
    private static string LabelName(string key)
    {
        var name = Sanitize(key).Replace(':', '_');
        return char.IsAsciiDigit(key.Length > 0 ? key[0] : 'a') ? $"key{name}" : name;
    }

    // What is in braces is a remark, like {request}; By/s is bytes per second.
    private static string UnitWord(string? unit, MetricKind kind)
    {
        if (unit is null or "1")
        {
            return unit == "1" && kind == MetricKind.Gauge ? "ratio" : "";
        }

        var parts = unit.Split('/', 2);
        var word = Word(parts[0]);
        if (parts.Length == 1 || parts[1].StartsWith('{'))
        {
            return word;
        }

        var per = parts[1] switch
        {
            "s" => "second",
            "m" => "minute",
            "h" => "hour",
            "d" => "day",
            "w" => "week",
            "mo" => "month",
            "y" => "year",
            var other => Sanitize(other),
        };
        return word.Length == 0 ? $"per_{per}" : $"{word}_per_{per}";
    }

    private static string Word(string unit)
    {
        var remark = unit.IndexOf('{', StringComparison.Ordinal);
        return (remark < 0 ? unit : unit[..remark]) switch
        {
            "" => "",
            "s" => "seconds",
            "ms" => "milliseconds",
            "us" => "microseconds",
            "ns" => "nanoseconds",
            "min" => "minutes",
            "h" => "hours",
            "d" => "days",
            "By" => "bytes",
            "KiBy" => "kibibytes",
            "MiBy" => "mebibytes",
            "GiBy" => "gibibytes",
            "kBy" => "kilobytes",
            "MBy" => "megabytes",
            "GBy" => "gigabytes",
            "%" => "percent",
            "Hz" => "hertz",
            "Cel" => "celsius",
            var other => Sanitize(other).Trim('_'),
        };
    }
}
