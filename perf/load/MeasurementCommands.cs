using System.CommandLine.Parsing;
using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>What the command lines of measuring programs have in common.</summary>
internal static class MeasurementCommands
{
    /// <summary>Adds an error where an option is no whole number between two bounds.</summary>
    public static void InRange(OptionResult result, int lowest, int highest)
    {
        if (result.Tokens is [var token]
            && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < lowest || value > highest))
        {
            result.AddError($"{result.Option.Name} must be from {lowest} to {highest}; '{token.Value}' is not.");
        }
    }

    /// <summary>Runs a command to its exit code; one that cannot measure, or is stopped, says so and has 1.</summary>
    /// <param name="program">The name before what it says.</param>
    /// <param name="whenStopped">What has become of the figures then.</param>
    /// <param name="action">The command.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<int> RunAsync(string program, string whenStopped, Func<CancellationToken, Task<int>> action, CancellationToken cancellation)
    {
        try
        {
            return await action(cancellation);
        }
        catch (MeasurementException exception)
        {
            await Console.Error.WriteLineAsync($"{program}: {exception.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{program}: stopped; {whenStopped}.");
            return 1;
        }
    }
}
