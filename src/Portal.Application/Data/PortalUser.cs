using Microsoft.AspNetCore.Identity;

namespace Portal.Application.Data;

/// <summary>A person's account; with a password, a provider that vouches for them, or both.</summary>
public sealed class PortalUser : IdentityUser<Guid>
{
    public required string DisplayName { get; set; }
    /// <summary>Disabled people cannot sign in, and their tokens and open pages stop working at once.</summary>
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
