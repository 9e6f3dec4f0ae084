using System.Globalization;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>What python3-hpack has made of RFC 7541, of <c>vectors.txt</c>, which <c>vectors.py</c> beside it writes.</summary>
internal sealed class HpackVectors
{
    /// <summary>All of them.</summary>
    public static HpackVectors All { get; } = new();

    private HpackVectors()
    {
        var fields = new List<(string, string)>();
        foreach (var line in File.ReadLines(Repository.Path("tests", "PipeServer.Tests", "Http", "Hpack", "vectors.txt")))
        {
            var words = line.Split(' ');
            switch (words[0])
            {
                case "huffman":
                    Codes.Add((uint.Parse(words[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture), int.Parse(words[3], CultureInfo.InvariantCulture)));
                    break;
                case "static":
                    Static.Add(ToField(line[(words[0].Length + words[1].Length + 2)..]));
                    break;
                case "connection":
                    Connections.Add([]);
                    break;
                case "block":
                    Connections[^1].Add((Convert.FromHexString(words[1]), fields = []));
                    break;
                default:
                    fields.Add(ToField(line));
                    break;
            }
        }
    }

    /// <summary>The code of each symbol, and how many bits it has.</summary>
    public List<(uint Code, int Bits)> Codes { get; } = [];

    /// <summary>The static table, its index 1 first.</summary>
    public List<(string Name, string Value)> Static { get; } = [];

    /// <summary>The blocks of each connection.</summary>
    public List<List<(byte[] Block, List<(string Name, string Value)> Fields)>> Connections { get; } = [];

    private static (string Name, string Value) ToField(string text) => text.Split('\t', 2) is [var name, var value] ? (name, value) : (text, "");
}
