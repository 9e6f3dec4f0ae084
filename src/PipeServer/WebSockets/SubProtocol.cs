namespace PipeServer.WebSockets;

/// <summary>A sub-protocol that the application speaks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">The same in bytes.</param>
internal sealed record SubProtocol(string Name, byte[] Bytes);
