using System.Text.Json;

namespace PipeServer.Tests.Support;

/// <summary>Short names for what tests read from JSON.</summary>
internal static class JsonReading
{
    public static long Int(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    public static string? Text(this JsonElement element, string name) => element.GetProperty(name).GetString();
}
