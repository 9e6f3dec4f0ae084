using Difference.Known;

namespace Difference.Runner;

/// <summary>Every difference between PipeServer and Kestrel that stays, each with its reason. One that no longer shows fails its test.</summary>
internal static class KnownDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
        [.. TargetDifferences.All, .. MethodDifferences.All, .. HeaderDifferences.All, .. BodyDifferences.All, .. WireDifferences.All];
}
