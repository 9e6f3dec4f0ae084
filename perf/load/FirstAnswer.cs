using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>One start of a server.</summary>
/// <param name="Milliseconds">From its start to its first answer.</param>
/// <param name="ResidentSetKilobytes">Resident set size then, child processes included.</param>
/// <param name="ProportionalKilobytes">Proportional set size then.</param>
internal readonly record struct FirstAnswer(double Milliseconds, long ResidentSetKilobytes, long ProportionalKilobytes)
{
    /// <summary>Reads the line that clients/first.c prints.</summary>
    /// <exception cref="MeasurementException">It is not such a line.</exception>
    public static FirstAnswer Parse(string output)
    {
        var fields = output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 3
            && double.TryParse(fields[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
            && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var resident)
            && long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var proportional)
            ? new FirstAnswer(milliseconds, resident, proportional)
            : throw new MeasurementException($"the program that times starts said something unexpected: {output}");
    }
}
