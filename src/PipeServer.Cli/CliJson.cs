using System.Text.Json.Serialization;

namespace PipeServer.Cli;

/// <summary>JSON serializers, made at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(DemoRoutes.Greetings))]
internal sealed partial class CliJson : JsonSerializerContext;
