using System.Text.Json;
using System.Text.Json.Serialization;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>The serializer of saved runs and of budgets.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CountResult))]
internal sealed partial class CountJson : JsonSerializerContext
{
    /// <exception cref="MeasurementException">The file cannot be read, or is not a saved run.</exception>
    public static CountResult Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), Default.CountResult) is { Tools: not null, Workloads: not null } result
                ? result
                : throw new MeasurementException($"{path} is not a saved run.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new MeasurementException($"{path} is not a saved run: {exception.Message}");
        }
    }

    public static void Write(string path, CountResult result) => File.WriteAllText(path, JsonSerializer.Serialize(result, Default.CountResult) + "\n");
}
