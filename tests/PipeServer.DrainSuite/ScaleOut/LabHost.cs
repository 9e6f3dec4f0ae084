namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>A host of the lab: a network namespace with one cable to the switch.</summary>
/// <param name="Name">Its name, and that of its cable's end at the switch.</param>
/// <param name="Address">Its address.</param>
internal sealed record LabHost(string Name, string Address)
{
    /// <summary>The front end's.</summary>
    public static LabHost Front { get; } = new("front", "10.77.0.1");

    /// <summary>The clients'.</summary>
    public static LabHost Clients { get; } = new("clients", "10.77.0.20");

    /// <summary>Those of the servers, as the front end's files name them.</summary>
    public static IReadOnlyList<LabHost> Servers { get; } = [new("a", "10.77.0.11"), new("b", "10.77.0.12"), new("c", "10.77.0.13")];

    /// <summary>All of them.</summary>
    public static IEnumerable<LabHost> All => [Front, .. Servers, Clients];
}
