namespace PipeServer.Fuzz.Http2;

/// <summary>What has to become of a connection.</summary>
internal enum OutcomeKind
{
    /// <summary>It goes on: a PING is answered.</summary>
    Open,

    /// <summary>One stream is reset with one of the codes; the connection goes on.</summary>
    StreamError,

    /// <summary>GOAWAY with one of the codes, and the end.</summary>
    ConnectionError,

    /// <summary>Either error, with one of the codes.</summary>
    EitherError,

    /// <summary>Either error with one of the codes, or it goes on as if nothing were.</summary>
    ErrorOrOpen,

    /// <summary>One stream is reset with one of the codes, or answered with a status of 400 or more.</summary>
    Rejected,

    /// <summary>It ends, by whatever means.</summary>
    Ends,
}
