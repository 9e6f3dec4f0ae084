using System.Globalization;

namespace PipeServer.Tests.Support;

/// <summary>How long the tests run that look for races by doing the same thing over and over.</summary>
internal static class Stress
{
    /// <summary>The category of these tests: <c>[Trait(Stress.Trait, Stress.Name)]</c>, by which <c>.ci/nightly stress</c> finds them.</summary>
    public const string Trait = "Category";

    public const string Name = "Stress";

    private const string Variable = "PIPESERVER_STRESS";

    private static readonly int Factor = Read(Environment.GetEnvironmentVariable(Variable));

    /// <summary>How many rounds a test has: its usual number, times the factor in the environment variable PIPESERVER_STRESS.</summary>
    public static int Rounds(int usual) => usual * Factor;

    private static int Read(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return 1;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var factor) && factor is >= 1 and <= 10_000
            ? factor
            : throw new InvalidOperationException($"{Variable} must be a whole number from 1 to 10000; '{value}' is not.");
    }
}
