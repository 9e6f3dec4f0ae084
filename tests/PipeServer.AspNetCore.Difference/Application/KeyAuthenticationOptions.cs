using Microsoft.AspNetCore.Authentication;

namespace Difference.Application;

/// <summary>No options beside those of every scheme.</summary>
internal sealed class KeyAuthenticationOptions : AuthenticationSchemeOptions
{
}
