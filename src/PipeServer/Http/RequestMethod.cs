namespace PipeServer.Http;

/// <summary>The methods of RFC 9110 §9.3 and RFC 5789 that the server knows by itself.</summary>
internal enum RequestMethod : byte
{
    /// <summary>Any other well-formed token.</summary>
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
}
