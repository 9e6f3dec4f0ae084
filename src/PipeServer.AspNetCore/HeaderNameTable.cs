using System.Reflection;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace PipeServer.AspNetCore;

/// <summary>The framework's own strings for names of fields that it knows, so that no string is made of them.</summary>
internal static class HeaderNameTable
{
    private static readonly string[][] ByLength = Sorted();

    /// <summary>The name of a field.</summary>
    public static string Get(ReadOnlySpan<byte> bytes)
    {
        foreach (var name in bytes.Length < ByLength.Length ? ByLength[bytes.Length] : [])
        {
            if (Ascii.EqualsIgnoreCase(bytes, name))
            {
                return name;
            }
        }

        return Encoding.ASCII.GetString(bytes);
    }

    private static string[][] Sorted()
    {
        var names = typeof(HeaderNames).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static constant => (string)constant.GetValue(null)!)
            .Where(static name => name[0] != ':')
            .ToLookup(static name => name.Length);
        return [.. Enumerable.Range(0, names.Max(static group => group.Key) + 1).Select(length => names[length].ToArray())];
    }
}
