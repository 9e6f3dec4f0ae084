namespace PipeServer.Http.Hpack;

/// <summary>What rules a field of a request is held to (RFC 9113 §8.2, §8.3), by its name.</summary>
internal enum FieldKind : byte
{
    /// <summary>Those of every field.</summary>
    Regular,

    /// <summary>May come in crumbs (RFC 9113 §8.2.3).</summary>
    Cookie,

    /// <summary>Must be what <c>:authority</c> is.</summary>
    Host,

    /// <summary>Only <c>trailers</c>.</summary>
    Te,

    /// <summary>May not be there: malformed, or of HTTP/1's connections.</summary>
    Forbidden,

    /// <summary><c>:method</c>. This and all that follow are pseudo-headers.</summary>
    Method,

    /// <summary><c>:scheme</c></summary>
    Scheme,

    /// <summary><c>:authority</c></summary>
    Authority,

    /// <summary><c>:path</c></summary>
    Path,

    /// <summary><c>:protocol</c> (RFC 8441 §4)</summary>
    Protocol,

    /// <summary>One that requests do not have.</summary>
    UnknownPseudo,
}
