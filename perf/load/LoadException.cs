namespace PipeServer.Load;

/// <summary>Something that the person at the keyboard can mend; the message says how.</summary>
internal sealed class LoadException(string message) : Exception(message);
