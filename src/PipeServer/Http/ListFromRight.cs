namespace PipeServer.Http;

/// <summary>
/// The elements of a list field (RFC 9110 §5.6.1), the last first, over all field lines of its name: several lines are one list (§5.3). Who
/// reads from the right has read what the nearest proxy has added before anything that comes from further away.
/// </summary>
/// <remarks>
/// That is also why quoted strings are found from their ends: an element that is well-formed is taken whole whatever stands before it, be it a
/// quotation mark that is never closed.
/// </remarks>
internal ref struct ListFromRight
{
    private readonly HeaderFields _fields;
    private readonly ReadOnlySpan<byte> _name;
    private readonly bool _hasQuotes;
    private int _line; // the field line that is read, or the one behind it
    private ReadOnlySpan<byte> _left;
    private bool _isInLine;

    /// <summary>Starts at the end of the list.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="name">The name of the list's field.</param>
    /// <param name="hasQuotes">A comma in a quoted string is none.</param>
    public ListFromRight(HeaderFields fields, ReadOnlySpan<byte> name, bool hasQuotes)
    {
        _fields = fields;
        _name = name;
        _hasQuotes = hasQuotes;
        _line = fields.Count;
    }

    /// <summary>The next element to the left, without white space around it; it may be empty. False at the list's start.</summary>
    public bool TryNext(out ReadOnlySpan<byte> element)
    {
        if (!_isInLine)
        {
            _line = _fields.LastIndexOf(_name, _line);
            if (_line < 0)
            {
                _line = 0;
                element = default;
                return false;
            }

            _left = _fields.Value(_line);
            _isInLine = true;
        }

        var comma = _hasQuotes ? LastCommaOutsideQuotes(_left) : _left.LastIndexOf((byte)',');
        element = HttpCharacters.TrimOws(_left[(comma + 1)..]);
        _isInLine = comma >= 0;
        _left = comma < 0 ? default : _left[..comma];
        return true;
    }

    private static int LastCommaOutsideQuotes(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var at = text.LastIndexOfAny((byte)',', (byte)'"');
            if (at < 0 || text[at] == (byte)',')
            {
                return at;
            }

            // The end of a quoted string: its start is the next quotation mark to the left that no backslash stands before.
            text = text[..at];
            do
            {
                at = text.LastIndexOf((byte)'"');
                if (at < 0)
                {
                    return -1; // it never began: what is left of the line is one element, and malformed
                }

                text = text[..at];
            }
            while (IsEscaped(text));
        }
    }

    // Whether what stands behind these bytes is a quoted-pair's second half: behind an odd number of backslashes.
    private static bool IsEscaped(ReadOnlySpan<byte> before) => (before.Length - before.TrimEnd((byte)'\\').Length) % 2 != 0;
}
