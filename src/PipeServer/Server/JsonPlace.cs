using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace PipeServer.Server;

/// <summary>
/// Where in a JSON text a fault is, in words that are the server's own: of the path that the serializer names, the properties that the type has and the
/// indexes of lists. What else is a name there, a key of a dictionary or a property that the type has not, comes from the client, and is <c>*</c>.
/// </summary>
internal static class JsonPlace
{
    private const int MaxCharacters = 256;

    /// <summary>The place.</summary>
    /// <param name="path">As <see cref="System.Text.Json.JsonException.Path"/> has it: <c>$.items[3].name</c>, <c>$.map['a key']</c>.</param>
    /// <param name="typeInfo">What the text is to be.</param>
    public static string Describe(string? path, JsonTypeInfo typeInfo)
    {
        var place = new StringBuilder("$");
        var rest = path is ['$', .. var behind] ? behind.AsSpan() : default;
        JsonTypeInfo? type = typeInfo;
        while (!rest.IsEmpty && place.Length < MaxCharacters)
        {
            if (rest[0] == '[' && rest.IndexOf(']') is > 1 and var end && !rest[1..end].ContainsAnyExceptInRange('0', '9'))
            {
                place.Append(rest[..(end + 1)]);
                rest = rest[(end + 1)..];
                type = type is { Kind: JsonTypeInfoKind.Enumerable } ? Find(type, type.ElementType) : null;
                continue;
            }

            if (rest[0] == '.' && type is { Kind: JsonTypeInfoKind.Object } && FindProperty(type, rest[1..]) is { } property)
            {
                place.Append('.').Append(property.Name);
                rest = rest[(1 + property.Name.Length)..];
                type = Find(type, property.PropertyType);
                continue;
            }

            place.Append(".*"); // where a name of the client's ends, nobody can tell
            break;
        }

        return place.ToString();
    }

    private static JsonPropertyInfo? FindProperty(JsonTypeInfo type, ReadOnlySpan<char> path)
    {
        foreach (var property in type.Properties)
        {
            if (path.StartsWith(property.Name, StringComparison.Ordinal) && (path.Length == property.Name.Length || path[property.Name.Length] is '.' or '['))
            {
                return property;
            }
        }

        return null;
    }

    private static JsonTypeInfo? Find(JsonTypeInfo from, Type? type) =>
        type is not null && from.Options.TryGetTypeInfo(type, out var found) ? found : null;
}
