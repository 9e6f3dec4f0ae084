namespace Difference.Application;

/// <summary>Says that it was disposed of.</summary>
internal sealed class Disposal(Action said) : IDisposable
{
    public void Dispose() => said();
}
