using System.Text.Json;
using System.Text.Json.Serialization;

namespace JsonCrud;

/// <summary>How the types are read and written, made by the compiler: no reflection, so a native file can do it too.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(NoteDraft))]
[JsonSerializable(typeof(NotePage))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class NotesJson : JsonSerializerContext;
