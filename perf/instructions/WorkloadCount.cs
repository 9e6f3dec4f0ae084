namespace PipeServer.Instructions;

/// <summary>User-space instructions a request.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Instructions">Of the whole process.</param>
/// <param name="Nginx">Of nginx for the same, where it can do it and was asked.</param>
/// <param name="Kestrel">Of a native Kestrel for the same, where it can do it and was asked.</param>
/// <param name="Functions">By function, without what it calls; those below <see cref="LeastOfFunction"/> are left out.</param>
internal sealed record WorkloadCount(string Name, double Instructions, double? Nginx, double? Kestrel, IReadOnlyDictionary<string, double> Functions)
{
    public const double LeastOfFunction = 5;
}
