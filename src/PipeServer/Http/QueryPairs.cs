using System.Text;

namespace PipeServer.Http;

/// <summary>The pairs of a query as HTML forms write them, one after the other, as they were sent. Empty ones are passed over.</summary>
internal ref struct QueryPairs(ReadOnlySpan<byte> query)
{
    private ReadOnlySpan<byte> _rest = query;

    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Empty for a name without a value.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>True for bytes that stand for themselves.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> bytes) => !bytes.ContainsAny((byte)'%', (byte)'+');

    /// <summary>A name or a value as it is meant. A percent sign that begins no escape, and escapes that are no UTF-8, stay as they were sent.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.ASCII.GetString(bytes);
        return IsPlain(bytes) ? text : Uri.UnescapeDataString(text.Replace('+', ' '));
    }

    /// <summary>Goes to the next pair.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = _rest.IndexOf((byte)'&');
            var pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (!pair.IsEmpty)
            {
                var equals = pair.IndexOf((byte)'=');
                Name = equals < 0 ? pair : pair[..equals];
                Value = equals < 0 ? default : pair[(equals + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes to the next pair of this name, compared as it is meant.</summary>
    public bool TryFind(string name)
    {
        while (MoveNext())
        {
            if (IsPlain(Name) ? Ascii.Equals(Name, name) : Decode(Name) == name)
            {
                return true;
            }
        }

        return false;
    }
}
