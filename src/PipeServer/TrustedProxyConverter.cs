namespace PipeServer;

/// <summary>Converts the text form of a trusted proxy.</summary>
internal sealed class TrustedProxyConverter() : TextConverter(TrustedProxy.FromConfiguration);
