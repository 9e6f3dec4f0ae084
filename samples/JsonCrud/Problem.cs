namespace JsonCrud;

/// <summary>What is wrong with a request, as RFC 9457 writes it.</summary>
internal sealed record Problem(string Title, int Status, string Detail);
