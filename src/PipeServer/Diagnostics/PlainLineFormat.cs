using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>The level in front from warning on, the message as it is, and behind it the exception with its stack.</summary>
/// <param name="namesCategories">Each line begins with the logger's category.</param>
internal sealed class PlainLineFormat(bool namesCategories) : ILineFormat
{
    /// <inheritdoc/>
    public string Format(in LogEvent logged) =>
        $"{(namesCategories ? logged.Category + ": " : "")}{Level(logged.Level)}{WithException(logged)}";

    /// <summary>The message, and behind it the exception if there is one.</summary>
    public static string WithException(in LogEvent logged) =>
        logged.Exception is null ? logged.Message : $"{logged.Message} {Describe(logged.Exception)}";

    /// <summary>An exception with its stack, even if it cannot say what it is.</summary>
    public static string Describe(Exception exception)
    {
        try
        {
            return exception.ToString();
        }
#pragma warning disable CA1031 // Message and ToString of an exception are foreign code, and a fault in them must not hide the first one.
        catch (Exception other)
#pragma warning restore CA1031
        {
            return $"{exception.GetType()} (its description failed: {other.GetType()})";
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Warning => "warning: ",
        LogLevel.Error => "error: ",
        LogLevel.Critical => "critical: ",
        _ => "",
    };
}
