using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// For programs: one JSON object a line, with <c>time</c> (UTC, RFC 3339), <c>level</c>, <c>category</c>, <c>message</c>, and where there are such:
/// <c>event</c>, the message's <c>values</c> by their names, <c>exception</c>.
/// </summary>
/// <param name="timeProvider">The clock.</param>
internal sealed class JsonLineFormat(TimeProvider timeProvider) : ILineFormat
{
    // The name under which the message's pattern stands among its values.
    private const string Pattern = "{OriginalFormat}";

    // Of what JSON leaves as it is, EscapedLine escapes what is dangerous on a terminal, in the way of JSON. Nothing is ever put into a page here.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public string Format(in LogEvent logged)
    {
        // A line that the writer had to cut would be no JSON any more: then its texts are shortened until it fits.
        for (var most = EscapedLine.MaxCharacters; ; most /= 2)
        {
            var line = Write(logged, most);
            if (line.Length <= EscapedLine.MaxCharacters)
            {
                return line;
            }
        }
    }

    private string Write(in LogEvent logged, int most)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", TimedLineFormat.TimeStamp(timeProvider.GetUtcNow()));
            json.WriteString("level", logged.Level.ToString().ToLowerInvariant());
            json.WriteString("category", logged.Category);
            if (logged.Id.Name is { } name)
            {
                json.WriteString("event", name);
            }

            json.WriteString("message", Shortened(logged.Message, most));
            if (logged.Values is { Count: > 1 } values)
            {
                json.WriteStartObject("values");
                foreach (var (key, value) in values)
                {
                    if (key != Pattern)
                    {
                        json.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(key));
                        WriteValue(json, value, most);
                    }
                }

                json.WriteEndObject();
            }

            if (logged.Exception is { } exception)
            {
                json.WriteString("exception", Shortened(PlainLineFormat.Describe(exception), most));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteValue(Utf8JsonWriter json, object? value, int most)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Shortened(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", most));
                break;
        }
    }

    private static string Shortened(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most), "…");
}
