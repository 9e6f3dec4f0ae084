namespace PipeServer;

/// <summary>Converts the text form of a rate.</summary>
internal sealed class RateLimitConverter() : TextConverter(RateLimit.Parse);
