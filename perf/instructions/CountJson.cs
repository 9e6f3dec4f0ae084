using System.Text.Json.Serialization;

namespace PipeServer.Instructions;

/// <summary>The serializer of saved runs.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CountResult))]
internal sealed partial class CountJson : JsonSerializerContext;
