namespace PipeServer.Tests.Support;

/// <summary>Something that is sent as JSON.</summary>
internal sealed class Order
{
    public int Id { get; set; }

    public string? Name { get; set; }

    public List<OrderLine>? Lines { get; set; }

    public Dictionary<string, int>? Prices { get; set; }
}
