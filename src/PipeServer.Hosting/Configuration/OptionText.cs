using System.Globalization;

namespace PipeServer.Hosting.Configuration;

/// <summary>The text forms of values that have no type of their own; each throws <see cref="FormatException"/> with the way out.</summary>
internal static class OptionText
{
    public static string Text(string text) => text;

    public static int Integer(string text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new FormatException($"'{text}' is not a whole number from {int.MinValue} to {int.MaxValue}.");

    public static long Long(string text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new FormatException($"'{text}' is not a whole number.");

    public static bool Boolean(string text) => bool.TryParse(text, out var value)
        ? value
        : throw new FormatException($"'{text}' must be true or false.");

    /// <summary>A bare number is days to .NET, and seconds to everybody else: it is refused.</summary>
    public static TimeSpan Duration(string text) =>
        text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"'{text}' is not a duration: write it as 00:00:30 for half a minute.");

    public static TEnum Enumeration<TEnum>(string text)
        where TEnum : struct, Enum => Enum.TryParse<TEnum>(text, ignoreCase: true, out var value)
            ? value
            : throw new FormatException($"'{text}' must be one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
}
