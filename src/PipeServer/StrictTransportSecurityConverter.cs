namespace PipeServer;

/// <summary>Converts the text form of a policy of strict transport security.</summary>
internal sealed class StrictTransportSecurityConverter() : TextConverter(StrictTransportSecurity.Parse);
