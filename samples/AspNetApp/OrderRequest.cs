using System.ComponentModel.DataAnnotations;

namespace AspNetApp;

/// <summary>An order as clients place it; what is against the attributes is answered with 400 and a list of what is wrong.</summary>
public sealed record OrderRequest([property: Required, StringLength(100)] string Article, [property: Range(1, 1000)] int Count = 1);
