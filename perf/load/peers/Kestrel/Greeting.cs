namespace PipeServer.Load.Kestrel;

/// <summary>The JSON answer.</summary>
internal sealed record Greeting(string Message);
