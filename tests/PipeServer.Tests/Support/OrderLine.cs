namespace PipeServer.Tests.Support;

/// <summary>A part of an <see cref="Order"/>.</summary>
internal sealed class OrderLine
{
    public int Price { get; set; }
}
