namespace PipeServer;

/// <summary>Converts the text form of a socket's permissions.</summary>
internal sealed class SocketFileModeConverter() : TextConverter(SocketFileMode.Parse);
