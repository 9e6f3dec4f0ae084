using System.Text.Json.Serialization;

namespace PipeServer.Tests.Support;

/// <summary>Metadata for JSON, made at build time as users have it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(StrictOrder))]
[JsonSerializable(typeof(FaultyOrder))]
[JsonSerializable(typeof(int?))]
internal sealed partial class TestJson : JsonSerializerContext;
