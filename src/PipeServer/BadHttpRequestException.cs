namespace PipeServer;

/// <summary>
/// The request's body turned out to be malformed, too large, too slow or cut short while it was read. When a handler lets the exception
/// pass, the client gets the right status, and nothing is logged as a fault of the handler.
/// </summary>
public sealed class BadHttpRequestException : IOException
{
    /// <summary>Creates the exception with status 400.</summary>
    public BadHttpRequestException()
        : this("The request is malformed.")
    {
    }

    /// <summary>Creates the exception with status 400.</summary>
    public BadHttpRequestException(string message)
        : base(message) => StatusCode = 400;

    /// <summary>Creates the exception with status 400 and a cause.</summary>
    public BadHttpRequestException(string message, Exception innerException)
        : base(message, innerException) => StatusCode = 400;

    internal BadHttpRequestException(Http.RequestError error)
        : base($"The request cannot be read to its end: {Http.RequestErrors.Text(error)} ({Http.RequestErrors.Section(error)}).")
    {
        Error = error;
        StatusCode = Http.RequestErrors.Status(error);
    }

    /// <summary>The status that the client gets when nothing has been sent yet.</summary>
    public int StatusCode { get; }

    internal Http.RequestError Error { get; } = Http.RequestError.UnexpectedEnd;
}
