using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PipeServer.Cli;

/// <summary>
/// Fields of JSON objects in one call each. The writer's own methods are inlined wherever they are called, at some hundred bytes of the native file
/// each time.
/// </summary>
internal static class JsonFields
{
    /// <summary>An object in an array, or the whole; to be ended by <see cref="End"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Begin(this Utf8JsonWriter json) => json.WriteStartObject();

    /// <summary>An object that is a field; to be ended by <see cref="End"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Begin(this Utf8JsonWriter json, string name) => json.WriteStartObject(name);

    /// <summary>Ends an object.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void End(this Utf8JsonWriter json) => json.WriteEndObject();

    /// <summary>An array that is a field; to be ended by <see cref="EndList"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void BeginList(this Utf8JsonWriter json, string name) => json.WriteStartArray(name);

    /// <summary>Ends an array.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void EndList(this Utf8JsonWriter json) => json.WriteEndArray();

    /// <summary>A text, or null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Text(this Utf8JsonWriter json, string name, string? value) => json.WriteString(name, value);

    /// <summary>A whole number.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Number(this Utf8JsonWriter json, string name, long value) => json.WriteNumber(name, value);

    /// <summary>A number, rounded.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Number(this Utf8JsonWriter json, string name, double value, int digits) => json.WriteNumber(name, Math.Round(value, digits));

    /// <summary>A time in seconds, to the millisecond.</summary>
    public static void Seconds(this Utf8JsonWriter json, string name, TimeSpan value) => Number(json, name, value.TotalSeconds, digits: 3);

    /// <summary>A list of texts.</summary>
    public static void Texts(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        BeginList(json, name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        EndList(json);
    }

    /// <summary>Null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Null(this Utf8JsonWriter json, string name) => json.WriteNull(name);
}
