namespace PipeServer;

/// <summary>Converts the text form of an endpoint.</summary>
internal sealed class HttpEndpointConverter() : TextConverter(HttpEndpoint.FromConfiguration);
