namespace PipeServer.Http;

/// <summary>The four forms of RFC 9112 §3.2.</summary>
internal enum TargetForm : byte
{
    /// <summary><c>/where?q=now</c></summary>
    Origin,

    /// <summary><c>http://www.example.org/where?q=now</c></summary>
    Absolute,

    /// <summary><c>www.example.org:80</c>, with CONNECT only.</summary>
    Authority,

    /// <summary><c>*</c>, with OPTIONS only; also an absolute form without path in OPTIONS (§3.2.4).</summary>
    Asterisk,
}
