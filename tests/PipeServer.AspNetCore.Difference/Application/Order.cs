using System.ComponentModel.DataAnnotations;

namespace Difference.Application;

/// <summary>A body with rules.</summary>
public sealed record Order
{
    [Required]
    [StringLength(20, MinimumLength = 2)]
    public string Product { get; init; } = "";

    [Range(1, 100)]
    public int Amount { get; init; } = 1;

    public IReadOnlyList<string>? Notes { get; init; }
}
