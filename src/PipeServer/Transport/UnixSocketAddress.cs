using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.Transport;

/// <summary>
/// Addresses of unix sockets, as people and as the system write them: the path of a file, or a name of Linux's abstract namespace, which has
/// no file. The system marks a name by a NUL in front, people by <c>@</c>; a file of such a name is written <c>./@name</c>.
/// </summary>
internal static class UnixSocketAddress
{
    /// <summary>The longest path or name, in bytes of UTF-8, that every system takes.</summary>
    public const int MaxPathBytes = 103;

    /// <summary>The longest address that Linux returns, in bytes: <c>struct sockaddr_un</c>.</summary>
    public const int MaxBytes = 110;

    /// <summary>Reads a path, or a name behind <c>@</c> or NUL.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endPoint">The address.</param>
    /// <param name="problem">What is wrong with the text.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out UnixDomainSocketEndPoint? endPoint, out string problem)
    {
        endPoint = null;
        var isAbstract = text is ['@' or '\0', ..];
        problem = isAbstract
            ? $"the abstract name must have from 1 to {MaxPathBytes - 1} bytes; the file of that name is ./{text.Replace('\0', '@')}"
            : $"the path must have from 1 to {MaxPathBytes} bytes";
        if (text.Length < (isAbstract ? 2 : 1) || Encoding.UTF8.GetByteCount(text) > MaxPathBytes)
        {
            return false;
        }

        if (text.LastIndexOf('\0') > 0)
        {
            problem = "it must not contain NUL";
            return false;
        }

        endPoint = new UnixDomainSocketEndPoint(isAbstract ? "\0" + text[1..] : text);
        return true;
    }

    /// <summary>True for a name of the abstract namespace.</summary>
    public static bool IsAbstract(UnixDomainSocketEndPoint endPoint) => endPoint.Serialize()[2] == 0; // behind the address family

    /// <summary>Reads what the system returns: the family in two bytes, and then the path or the name. Null for a socket without a name.</summary>
    public static UnixDomainSocketEndPoint? ToEndPoint(ReadOnlySpan<byte> address)
    {
        var name = address[sizeof(ushort)..];
        if (name.IsEmpty)
        {
            return null;
        }

        if (name[0] == 0)
        {
            return name.Length > 1 ? new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(name)) : null;
        }

        var end = name.IndexOf((byte)0);
        var path = Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
        return new UnixDomainSocketEndPoint(path[0] == '@' ? "./" + path : path);
    }

    /// <summary>The same end point, written so that a file whose name starts with <c>@</c> is not taken for an abstract name.</summary>
    public static EndPoint? WithoutAmbiguity(EndPoint? endPoint) =>
        endPoint is UnixDomainSocketEndPoint unix && !IsAbstract(unix) && unix.ToString() is ['@', ..] and var path
            ? new UnixDomainSocketEndPoint("./" + path)
            : endPoint;
}
