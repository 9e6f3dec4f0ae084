using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerSentEventsSample;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Reading))]
internal sealed partial class ReadingJson : JsonSerializerContext;
