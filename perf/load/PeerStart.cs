namespace PipeServer.Load;

/// <summary>What a peer is told when it is started.</summary>
/// <param name="Port">The port of 127.0.0.1 to listen on.</param>
/// <param name="Report">Where to write its report on exit.</param>
/// <param name="Cores">The cores that it has for itself, or shares with the load generator.</param>
/// <param name="Connections">How many connections it must be able to hold, where it makes room for them at its start.</param>
/// <param name="IsTls">Speak TLS, with the certificate of the <see cref="Workshop"/>.</param>
/// <param name="IsHttp2">Speak HTTP/2: in clear text by prior knowledge, over TLS as agreed on there.</param>
internal readonly record struct PeerStart(int Port, string Report, int Cores, int Connections = 12_000, bool IsTls = false, bool IsHttp2 = false);
