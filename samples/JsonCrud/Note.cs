using System.Text.Json.Serialization;

namespace JsonCrud;

/// <summary>A note as clients get it.</summary>
internal sealed record Note(int Id, string Title, string Text, int Version)
{
    /// <summary>The entity tag of this version (RFC 9110 §8.8.3).</summary>
    [JsonIgnore]
    public string EntityTag => $"\"{Version}\"";
}
