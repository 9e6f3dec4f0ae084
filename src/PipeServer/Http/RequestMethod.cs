namespace PipeServer.Http;

/// <summary>The methods of RFC 9110 §9.3 and RFC 5789 that the server knows by itself.</summary>
internal enum RequestMethod : byte
{
    /// <summary>A well-formed token that is none of the others.</summary>
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
