namespace PipeServer.Tls.OpenSsl;

/// <summary>A protocol as ALPN names it (RFC 7301 §6).</summary>
internal sealed class ApplicationProtocol(string name)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>The name's bytes.</summary>
    public byte[] Bytes { get; } = System.Text.Encoding.ASCII.GetBytes(name);
}
