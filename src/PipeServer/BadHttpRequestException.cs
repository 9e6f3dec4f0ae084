using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// The request cannot be answered as it is: its body turned out to be malformed, too large, too slow or cut short while it was read, or a handler finds
/// it unfit. When a handler lets the exception pass before its response has begun, the client gets the status, and nothing is logged as a fault of the
/// handler.
/// </summary>
/// <remarks>
/// The message of an exception that was created by one of the public constructors is sent to the client as text. Control characters in it are replaced,
/// and it is cut behind 1,024 characters. Do not put into it what the client is not to know, nor, unless checked, what the client has sent.
/// </remarks>
public sealed class BadHttpRequestException : IOException
{
    private const int LowestStatus = 400;
    private const int HighestStatus = 499;
    private const int LongestText = 1024;

    /// <summary>Creates the exception with status 400.</summary>
    public BadHttpRequestException()
        : this("The request is malformed.")
    {
    }

    /// <summary>Creates the exception with status 400.</summary>
    /// <param name="message">What is wrong; the client gets to read it.</param>
    public BadHttpRequestException(string message)
        : base(message) => StatusCode = LowestStatus;

    /// <summary>Creates the exception with status 400 and a cause.</summary>
    /// <param name="message">What is wrong; the client gets to read it.</param>
    /// <param name="innerException">The cause, which the client does not get to see.</param>
    public BadHttpRequestException(string message, Exception innerException)
        : base(message, innerException) => StatusCode = LowestStatus;

    /// <summary>Creates the exception with a status.</summary>
    /// <param name="message">What is wrong; the client gets to read it.</param>
    /// <param name="statusCode">What the client is answered: 400 to 499 (RFC 9110 §15.5).</param>
    /// <param name="innerException">The cause, which the client does not get to see; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is not one for a fault of the client.</exception>
    public BadHttpRequestException(string message, int statusCode, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, LowestStatus);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, HighestStatus);
        StatusCode = statusCode;
    }

    internal BadHttpRequestException(RequestError error)
        : base($"The request cannot be read to its end: {RequestErrors.Text(error)} ({RequestErrors.Section(error)}).")
    {
        Error = error;
        StatusCode = RequestErrors.Status(error);
    }

    /// <summary>The status that the client gets when nothing has been sent yet.</summary>
    public int StatusCode { get; }

    /// <summary>What the server itself has found; <see cref="RequestError.None"/> for what a handler has.</summary>
    internal RequestError Error { get; }

    /// <summary>Fields that the answer has beside its text, because its status asks for them (RFC 9110 §15.5.22: 426 and Upgrade).</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Fields { get; init; } = [];

    /// <summary>The message as one line that can be sent and logged.</summary>
    internal string Text => string.Create(Math.Min(Message.Length, LongestText), Message, static (text, message) =>
    {
        for (var index = 0; index < text.Length; index++)
        {
            text[index] = char.IsControl(message[index]) || message[index] is '\u2028' or '\u2029' ? '\uFFFD' : message[index];
        }
    });
}
