using System.Text.Json.Serialization;

namespace PipeServer.Tests.Support;

/// <summary>The same with what must be there.</summary>
internal sealed class StrictOrder
{
    [JsonPropertyName("id")]
    public required int Id { get; set; }

    [JsonPropertyName("name")]
    public string? Name { get; set; }
}
