namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What came of a scenario.</summary>
/// <param name="Figures">In a line.</param>
internal sealed record ScaleOutResult(string Figures)
{
    /// <summary>What did not hold; empty when all did.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Adds a fault where two numbers differ.</summary>
    public void Expect(long expected, long found, string what)
    {
        if (expected != found)
        {
            Faults.Add(FormattableString.Invariant($"{found} {what}, expected were {expected}"));
        }
    }

    /// <summary>Adds a fault where something is not so.</summary>
    public void Expect(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            Faults.Add(otherwise);
        }
    }
}
