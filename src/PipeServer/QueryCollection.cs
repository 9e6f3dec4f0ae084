using System.Collections;
using System.Text;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// The query's <c>name=value</c> pairs as HTML forms write them: separated by <c>&amp;</c>, percent-encoded, with
/// <c>+</c> for a space. Looked up in the target each time; nothing is kept.
/// What is decoded is data and can hold any character, line ends and NUL (<c>%0D%0A</c>, <c>%00</c>) included, as a form's text area sends
/// them. A <c>%</c> that begins no escape, and escapes that are no UTF-8, are left as they were sent.
/// </summary>
public sealed class QueryCollection : IEnumerable<KeyValuePair<string, string>>
{
    private readonly RequestHead _head;

    internal QueryCollection(RequestHead head) => _head = head;

    /// <summary>
    /// The first value of this name (compared exactly), an empty string for a name without a value, null when no pair has the name.
    /// </summary>
    public string? this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            foreach (var (key, value) in this)
            {
                if (key == name)
                {
                    return value;
                }
            }

            return null;
        }
    }

    /// <summary>All pairs in their order.</summary>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
    {
        var query = Encoding.ASCII.GetString(_head.Query);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0
                ? new KeyValuePair<string, string>(Decode(pair), "")
                : new KeyValuePair<string, string>(Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
