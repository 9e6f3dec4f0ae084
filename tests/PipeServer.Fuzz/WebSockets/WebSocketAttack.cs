using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>What one client does: kept as a file when it was a finding.</summary>
/// <param name="Path">The route of <see cref="WebSocketServer"/>.</param>
/// <param name="Splits">Where the random numbers start that cut the bytes into pieces.</param>
/// <param name="Bytes">All that it sends behind the handshake; then it ends its direction.</param>
internal sealed record WebSocketAttack(string Path, int Splits, byte[] Bytes)
{
    private static string Folder => System.IO.Path.Combine(Corpus.Folder, "websocket");

    /// <summary>The findings so far.</summary>
    public static IEnumerable<string> Files => Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.frames").Order(StringComparer.Ordinal) : [];

    /// <summary>Reads one of <see cref="Files"/>: a line with the route and the number, and the bytes in hexadecimal.</summary>
    public static WebSocketAttack Read(string file)
    {
        var lines = File.ReadAllLines(file);
        var words = lines[0].Split(' ');
        return new WebSocketAttack(words[0], int.Parse(words[1], CultureInfo.InvariantCulture), Convert.FromHexString(string.Concat(lines[1..])));
    }

    /// <summary>Keeps it as a regression test; gives its path.</summary>
    public string Save()
    {
        Directory.CreateDirectory(Folder);
        var text = string.Create(CultureInfo.InvariantCulture, $"{Path} {Splits}\n{Convert.ToHexStringLower(Bytes)}\n");
        var file = System.IO.Path.Combine(Folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6)) + ".frames");
        File.WriteAllText(file, text);
        return file;
    }
}
