namespace AspNetApp;

/// <summary>An order that was placed.</summary>
public sealed record Order(int Id, string Article, int Count);
