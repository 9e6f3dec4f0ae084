using System.Runtime.InteropServices;
using System.Text;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// Standard output for commands that print something and end: it waits for its reader, as any program does. What cannot be written is
/// dropped, and the first error is kept.
/// </summary>
internal sealed class PlainOutput(ILineTarget target) : TextWriter
{
    private readonly StringBuilder _text = new();
    private int _error;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => _text.Append(value);

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => _text.Append(buffer, index, count);

    /// <inheritdoc/>
    public override void Write(string? value) => _text.Append(value);

    /// <summary>Writes what has been gathered.</summary>
    /// <returns>Why something could not be written; null if nothing went wrong, or the reader has left, which is its right.</returns>
    public string? Finish()
    {
        if (_text.Length > 0 && _error == 0)
        {
            _error = target.Write(Encoding.UTF8.GetBytes(_text.ToString()), out _);
        }

        _text.Clear();
        return _error is 0 or StandardStream.EPIPE ? null : Marshal.GetPInvokeErrorMessage(_error);
    }
}
