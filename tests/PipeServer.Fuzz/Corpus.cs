using System.Reflection;
using System.Security.Cryptography;

namespace PipeServer.Fuzz;

/// <summary>The inputs that were found once, a file each, the table's cases, and ordinary heads: what mutation starts from.</summary>
internal static class Corpus
{
    private const int LongestSeed = 2000;

    public static string Folder { get; } = Path.Combine(
        typeof(Corpus).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "RepositoryRoot").Value!,
        "tests", "PipeServer.Fuzz", "corpus");

    public static IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*.http").Order(StringComparer.Ordinal);

    public static IReadOnlyList<byte[]> Seeds() =>
    [
        .. ProtocolCases.All.Where(static item => item.Bytes.Length <= LongestSeed).Select(static item => item.Encoded),
        .. OrdinaryHeads.Encoded,
        .. Files.Select(File.ReadAllBytes),
    ];

    /// <summary>Keeps a finding as a regression test; gives its path.</summary>
    public static string Add(byte[] finding)
    {
        var path = Path.Combine(Folder, Convert.ToHexStringLower(SHA256.HashData(finding).AsSpan(0, 6)) + ".http");
        File.WriteAllBytes(path, finding);
        return path;
    }
}
