using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace UploadSample;

/// <summary>A name that a client may give a file: one that is a plain name on every system, whatever the client's is.</summary>
internal static partial class FileName
{
    private const int MaxBytes = 200; // file systems have 255 for a name; a partial file's is longer than its file's

    /// <summary>Letters, digits, blanks and a few signs: no separators, no control characters, nothing that a shell or a page would read otherwise.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name) =>
        name is not null && Encoding.UTF8.GetByteCount(name) <= MaxBytes && Allowed().IsMatch(name) && !WindowsDevice().IsMatch(name);

    // It begins with a letter or a digit, so it is no hidden file, no option and no folder, and it does not end with a dot or a blank.
    [GeneratedRegex(@"\A[\p{L}\p{Nd}](?:[\p{L}\p{M}\p{Nd} ._()+=@-]*[\p{L}\p{M}\p{Nd}_()+=@-])?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Allowed();

    [GeneratedRegex(@"\A(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|\z)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex WindowsDevice();
}
