namespace PipeServer;

/// <summary>Converts the text form of an address.</summary>
internal sealed class BindAddressConverter() : TextConverter(BindAddress.Parse);
