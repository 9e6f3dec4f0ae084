using System.Text;

namespace PipeServer.Cli;

/// <summary>
/// Replaces words in a message. Not by a regular expression: the one that is built at run time keeps all of the engine in the native file, 0.4 MB.
/// </summary>
internal static class WholeWord
{
    /// <summary>A text with each occurrence of a word replaced that is not part of a longer one.</summary>
    public static string Replace(string text, string word, string replacement)
    {
        var replaced = new StringBuilder();
        var from = 0;
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + word.Length, StringComparison.Ordinal))
        {
            var behind = at + word.Length;
            if (!IsOfWord(text, at - 1) && !IsOfWord(text, behind))
            {
                replaced.Append(text, from, at - from).Append(replacement);
                from = behind;
            }
        }

        return replaced.Append(text, from, text.Length - from).ToString();
    }

    private static bool IsOfWord(string text, int index) =>
        (uint)index < (uint)text.Length && (char.IsLetterOrDigit(text[index]) || text[index] == '_');
}
