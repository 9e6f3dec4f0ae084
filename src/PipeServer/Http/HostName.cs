using System.Text;

namespace PipeServer.Http;

/// <summary>The name of a host as an owner writes it: whole, with a star for all names below it, or an IPv6 address.</summary>
/// <param name="Bytes">The name in lower case, without the star and its dot and without a dot at the end; empty for an IPv6 address.</param>
/// <param name="IsWildcard">There was a star.</param>
/// <param name="Address">The IPv6 address, or null.</param>
internal readonly record struct HostName(byte[] Bytes, bool IsWildcard, UInt128? Address)
{
    /// <summary>The longest name, without a dot at its end (RFC 1035 §2.3.4).</summary>
    public const int MaxNameBytes = 253;

    private const int MaxLabelBytes = 63;

    /// <summary>One text for all spellings of the name.</summary>
    public string Canonical => Address is { } address ? $"[{address:x}]" : (IsWildcard ? "*." : "") + Encoding.ASCII.GetString(Bytes);

    /// <summary>Reads a name.</summary>
    /// <exception cref="ArgumentException">It is none; the message says why, and what one looks like.</exception>
    public static HostName Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith('[') || text.Count(static c => c == ':') > 1)
        {
            return IPv6Address.TryParse(Encoding.UTF8.GetBytes(text is ['[', .., ']'] ? text[1..^1] : text), out var address)
                ? new HostName([], IsWildcard: false, address)
                : throw Invalid(text, "it is no IPv6 address");
        }

        var isWildcard = text.StartsWith("*.", StringComparison.Ordinal);
        var name = isWildcard ? text[2..] : text;
        name = name.EndsWith('.') ? name[..^1] : name;
        if (name.Length == 0)
        {
            throw Invalid(text, "it is empty");
        }

        if (name.Contains(':', StringComparison.Ordinal))
        {
            throw Invalid(text, "a port does not belong to it: the site is the same at all of them");
        }

        if (!Ascii.IsValid(name))
        {
            throw Invalid(text, "letters that are not ASCII are written as in DNS, like xn--bcher-kva.example");
        }

        if (name.Length > MaxNameBytes)
        {
            throw Invalid(text, $"it is longer than {MaxNameBytes} characters");
        }

        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > MaxLabelBytes || label.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            {
                throw Invalid(text, $"the parts between its dots must be 1 to {MaxLabelBytes} letters, digits and hyphens, and '{label}' is not");
            }
        }

        return new HostName(Encoding.ASCII.GetBytes(name.ToLowerInvariant()), isWildcard, Address: null);
    }

    private static ArgumentException Invalid(string text, string problem) =>
        new($"'{text}' is no name of a host like example.com, *.example.com, 192.0.2.1 or [2001:db8::1]: {problem}.");
}
