namespace PipeServer.Cli;

/// <summary>A configuration that cannot be used; the message tells the source, what is wrong, and the way out.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
