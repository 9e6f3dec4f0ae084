namespace PipeServer.StaticFiles;

/// <summary>
/// The order of a listing: folders first, then by a column, then by name. Names are compared as people do it: without case, and numbers by
/// their value, so that 2 comes before 10. Two names are never equal, so the order is always the same. Immutable.
/// </summary>
/// <param name="Column">name, size or modified.</param>
/// <param name="IsDescending">The largest, last or newest first; folders stay in front.</param>
internal sealed record FolderOrder(string Column, bool IsDescending) : IComparer<FolderEntry>
{
    /// <summary>What a request asks for; names from a to z, unless it does.</summary>
    public static FolderOrder Of(HttpRequest request) =>
        new(request.Query["sort"] switch { "size" => "size", "modified" => "modified", _ => "name" }, request.Query["order"] == "desc");

    public int Compare(FolderEntry? x, FolderEntry? y)
    {
        if (x!.IsFolder != y!.IsFolder)
        {
            return x.IsFolder ? -1 : 1;
        }

        var order = Column switch
        {
            "size" => x.Length.CompareTo(y.Length),
            "modified" => x.Modified.CompareTo(y.Modified),
            _ => 0,
        };
        order = order != 0 ? order : CompareNames(x.Name, y.Name);
        return IsDescending ? -order : order;
    }

    /// <summary>Compares two names.</summary>
    public static int CompareNames(ReadOnlySpan<char> x, ReadOnlySpan<char> y)
    {
        var (atX, atY) = (0, 0);
        while (atX < x.Length && atY < y.Length)
        {
            int order;
            if (char.IsAsciiDigit(x[atX]) && char.IsAsciiDigit(y[atY]))
            {
                var (numberX, numberY) = (TakeNumber(x, ref atX), TakeNumber(y, ref atY));
                var (digitsX, digitsY) = (numberX.End.Value - numberX.Start.Value, numberY.End.Value - numberY.Start.Value);
                order = digitsX != digitsY ? digitsX.CompareTo(digitsY) : x[numberX].SequenceCompareTo(y[numberY]);
            }
            else
            {
                order = char.ToUpperInvariant(x[atX++]).CompareTo(char.ToUpperInvariant(y[atY++]));
            }

            if (order != 0)
            {
                return order;
            }
        }

        // The same but for case and leading zeros, or one goes on where the other ends.
        var rest = (x.Length - atX).CompareTo(y.Length - atY);
        return rest != 0 ? rest : x.SequenceCompareTo(y);
    }

    // The digits of a number without its leading zeros: as long as they are, so large it is.
    private static Range TakeNumber(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length && text[at] == '0')
        {
            at++;
        }

        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return start..at;
    }
}
