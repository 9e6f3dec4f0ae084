using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>What one client does: kept as a file when it was a finding.</summary>
/// <param name="Splits">Where the random numbers start that cut the bytes into pieces.</param>
/// <param name="Bytes">All that it sends; then it waits for what it is owed, and ends its direction.</param>
internal sealed record Http2Attack(int Splits, byte[] Bytes)
{
    private static string Folder => Path.Combine(Corpus.Folder, "http2");

    /// <summary>The findings so far.</summary>
    public static IEnumerable<string> Files => Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.frames").Order(StringComparer.Ordinal) : [];

    /// <summary>What a number stands for.</summary>
    public static Http2Attack Of(int seed)
    {
        var random = new Random(seed);
        return new Http2Attack(random.Next(), Http2Mutations.Next(random));
    }

    /// <summary>Reads one of <see cref="Files"/>: a line with the number, and the bytes in hexadecimal.</summary>
    public static Http2Attack Read(string file)
    {
        var lines = File.ReadAllLines(file);
        return new Http2Attack(int.Parse(lines[0], CultureInfo.InvariantCulture), Convert.FromHexString(string.Concat(lines[1..])));
    }

    /// <summary>Keeps it as a regression test; gives its path.</summary>
    public string Save()
    {
        Directory.CreateDirectory(Folder);
        var text = string.Create(CultureInfo.InvariantCulture, $"{Splits}\n{Convert.ToHexStringLower(Bytes)}\n");
        var file = Path.Combine(Folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6)) + ".frames");
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>The bytes in pieces, each for a write of its own.</summary>
    public List<ReadOnlyMemory<byte>> Pieces()
    {
        var random = new Random(Splits);
        var pieces = new List<ReadOnlyMemory<byte>>();
        var most = random.Next(4) switch { 0 => 1, 1 => random.Next(2, 20), 2 => random.Next(20, 5000), _ => int.MaxValue };
        for (var at = 0; at < Bytes.Length;)
        {
            // At most so many of them: who sends a long body byte by byte tests the network.
            var length = most == int.MaxValue || pieces.Count > 300 ? Bytes.Length - at : Math.Min(random.Next(1, most + 1), Bytes.Length - at);
            pieces.Add(Bytes.AsMemory(at, length));
            at += length;
        }

        return pieces;
    }
}
