namespace PipeServer.Load;

/// <summary>Which workloads are the usual ones of a run, and under which name it is saved.</summary>
internal enum RunKind
{
    /// <summary>Plain HTTP.</summary>
    Http,

    /// <summary>HTTP over TLS.</summary>
    Tls,

    /// <summary>WebSocket.</summary>
    WebSocket,

    /// <summary>HTTP/2, in clear text and over TLS.</summary>
    Http2,

    /// <summary>An application of ASP.NET Core, on Kestrel and on PipeServer.</summary>
    AspNet,
}
