using System.ComponentModel.DataAnnotations;
using Portal.Domain.Compute;

namespace Portal.Web.Api;

/// <summary>The caller.</summary>
/// <param name="Scopes">What the token may do; a browser session has all.</param>
public sealed record MeAnswer(Guid Id, string Email, string Name, IReadOnlyList<string> Roles, IReadOnlyList<MyTeamAnswer> Teams, IReadOnlyList<string> Scopes);

/// <summary>A team of the caller.</summary>
/// <param name="Role">member or lead.</param>
public sealed record MyTeamAnswer(string Slug, string Name, string Role);

/// <summary>A compute target.</summary>
/// <param name="Reason">Why nothing can be started there now.</param>
/// <param name="Isolation">sandboxed, user-per-team or none.</param>
/// <param name="LimitsBy">How limits are enforced: cgroup-v2, cgroup-v1 or measured.</param>
public sealed record TargetAnswer(string Name, string Kind, bool Healthy, string? Reason, TargetCapacityAnswer Capacity, string Isolation, string LimitsBy);

/// <summary>What a target has, may give and has given.</summary>
public sealed record TargetCapacityAnswer(ResourceAmount Physical, ResourceAmount Allocatable, ResourceAmount Allocated);

/// <summary>A new token.</summary>
/// <param name="Token">The token itself: in this answer only.</param>
/// <param name="Prefix">Its first letters, by which lists name it.</param>
public sealed record NewTokenAnswer(Guid Id, string Token, string Prefix, string Name, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt);

/// <summary>What a new token is to be.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Scopes">Some of read, launch, approve, admin.</param>
/// <param name="ExpiresAt">At most a year from now.</param>
public sealed record TokenRequest([property: Required] string? Name = null, [property: Required] List<string>? Scopes = null, DateTimeOffset? ExpiresAt = null);

/// <summary>A new person.</summary>
/// <param name="Password">Made up by the portal; in this answer only, null when one was given.</param>
public sealed record UserAnswer(string Id, string? Email, string? Name, IReadOnlyList<string> Roles, bool Disabled, string? Password);

/// <summary>What was changed of a person.</summary>
public sealed record UserChangeAnswer(string Id, bool? Disabled, IReadOnlyList<string>? Roles);

/// <summary>A new person.</summary>
/// <param name="Name">The e-mail address when left out.</param>
/// <param name="Password">At least 12 letters; made up when left out.</param>
/// <param name="Roles">Some of Admin, FinOps, Auditor.</param>
public sealed record UserRequest([property: Required] string? Email = null, string? Name = null, string? Password = null, List<string>? Roles = null);

/// <summary>What to change of a person; what is left out stays.</summary>
/// <param name="Disabled">True: signed out at once, and tokens end.</param>
/// <param name="Roles">Some of Admin, FinOps, Auditor.</param>
public sealed record UserChange(bool? Disabled = null, List<string>? Roles = null);

/// <summary>A team.</summary>
public sealed record TeamAnswer(string? Slug, string? Name, string? CostCentre, IReadOnlyList<TeamMemberAnswer> Members);

/// <summary>Somebody in a team.</summary>
/// <param name="Role">member or lead.</param>
public sealed record TeamMemberAnswer(string Email, string Name, string Role);

/// <summary>A place in a team.</summary>
/// <param name="Role">member or lead.</param>
public sealed record MembershipAnswer(string Team, string Email, string Role);

/// <summary>A new team.</summary>
/// <param name="Name">The slug when left out.</param>
public sealed record TeamRequest([property: Required] string? Slug = null, string? Name = null, string? CostCentre = null);

/// <summary>What somebody is in a team.</summary>
/// <param name="Role">member or lead; member when left out.</param>
public sealed record MembershipRequest(string? Role = null);

/// <summary>A password the portal made up; only in this answer.</summary>
public sealed record NewPasswordAnswer(string Id, string Password);

/// <summary>A wish to join a team.</summary>
/// <param name="Reason">Why; the leads read it.</param>
public sealed record JoinRequest([property: Required] string? Reason = null);
