using System.Text.Json;
using System.Text.Json.Serialization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>How runs are saved.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunResult))]
internal sealed partial class ResultJson : JsonSerializerContext
{
    /// <exception cref="MeasurementException">The file is not a saved run.</exception>
    public static RunResult Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), Default.RunResult) is { Machine: not null, Measurements: not null } run
                ? run
                : throw new MeasurementException($"{path} is not a saved run.");
        }
        catch (JsonException exception)
        {
            throw new MeasurementException($"{path} is not a saved run: {exception.Message}");
        }
    }
}
