using System.Text;

namespace PipeServer.Fuzz;

/// <summary>One request as bytes, and the one answer to it.</summary>
/// <param name="Id">Its name in test reports.</param>
/// <param name="Section">Where the rule stands.</param>
/// <param name="Bytes">The request, body included, as Latin-1.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Closes">The answer says <c>Connection: close</c> and is the last thing on its connection.</param>
/// <param name="IsRefusedHead">The parser alone refuses it: nothing of a refused head is anybody else's business.</param>
public sealed record ProtocolCase(string Id, string Section, string Bytes, int Status, bool Closes, bool IsRefusedHead)
{
    public byte[] Encoded => Encode(Bytes);

    /// <summary>The head of a case that is not refused by it: the empty line included, and what stands before it.</summary>
    public byte[] EncodedHead
    {
        get
        {
            var start = Bytes.Length - Bytes.TrimStart('\r', '\n').Length;
            return Encode(Bytes[..(Bytes.IndexOf("\r\n\r\n", start) + 4)]);
        }
    }

    public static byte[] Encode(string text) => Encoding.Latin1.GetBytes(text);
}
