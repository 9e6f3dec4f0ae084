namespace PipeServer.Tests.Support;

/// <summary>One that cannot be written to its end.</summary>
internal sealed class FaultyOrder
{
    public string Name { get; set; } = new('x', 1000);

#pragma warning disable CA1822, CA1065 // The serializer takes no other.
    public int Fault => throw new InvalidOperationException("as it should");
#pragma warning restore CA1822, CA1065
}
