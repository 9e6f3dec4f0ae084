using System.Text.Json;
using System.Text.Json.Serialization;

namespace UploadSample;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredFile))]
[JsonSerializable(typeof(StoredFile[]))]
internal sealed partial class UploadJson : JsonSerializerContext;
