using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Application.Access.SingleSignOn;

/// <summary>A group that puts its people into a team.</summary>
public sealed record TeamGroup(string Group, string Team, TeamRole Role);

/// <summary>
/// What a provider's groups mean: roles and places in teams. Only what some entry could give is managed; everything else people have was given by hand and stays.
/// </summary>
public sealed record GroupMap(IReadOnlyList<(string Group, string Role)> Roles, IReadOnlyList<TeamGroup> Teams)
{
    private const string LeadSuffix = ":lead";

    /// <summary>Reads <see cref="OidcSettings.RoleOf"/> and <see cref="OidcSettings.TeamOf"/>; what cannot be read is told to <paramref name="errors"/> with its key.</summary>
    public static GroupMap Read(OidcSettings settings, ICollection<string>? errors = null)
    {
        var roles = new List<(string, string)>();
        foreach (var (group, meaning) in Pairs(settings.RoleOf, "RoleOf", "ml-admins=Admin", errors))
        {
            if (PortalRoles.All.FirstOrDefault(r => string.Equals(r, meaning, StringComparison.OrdinalIgnoreCase)) is { } role) roles.Add((group, role));
            else errors?.Add($"SignIn:Oidc:RoleOf: '{meaning}' of group '{group}' is no role; allowed: {string.Join(", ", PortalRoles.All)}.");
        }
        var teams = new List<TeamGroup>();
        foreach (var (group, meaning) in Pairs(settings.TeamOf, "TeamOf", "ml-vision=vision or ml-vision-leads=vision:lead", errors))
        {
            var isLead = meaning.EndsWith(LeadSuffix, StringComparison.OrdinalIgnoreCase);
            var team = isLead ? meaning[..^LeadSuffix.Length] : meaning;
            if (team.Length is > 0 and <= 40 && team.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')) teams.Add(new TeamGroup(group, team, isLead ? TeamRole.Lead : TeamRole.Member));
            else errors?.Add($"SignIn:Oidc:TeamOf: '{meaning}' of group '{group}' is no team; write its short name, such as vision, or vision:lead for its leads.");
        }
        return new GroupMap(roles, teams);
    }

    /// <summary>The managed roles that these groups give.</summary>
    public IReadOnlySet<string> RolesOf(IReadOnlyCollection<string> groups) => Roles.Where(r => groups.Contains(r.Group)).Select(r => r.Role).ToHashSet();

    /// <summary>What a person becomes in a team, given what they are there now; null: not in it.</summary>
    public TeamRole? PlaceIn(string team, IReadOnlyCollection<string> groups, TeamRole? now)
    {
        var entries = Teams.Where(t => t.Team == team).ToList();
        TeamRole? given = entries.Where(t => groups.Contains(t.Group)).Select(t => (TeamRole?)t.Role).Max();
        // A place that no entry could have given was given by hand: groups may raise it, and never take it away.
        var isByHand = now is not null && entries.TrueForAll(t => t.Role != now);
        return isByHand && (given is null || given < now) ? now : given;
    }

    // A group's name may hold '=' and ',' (directories write cn=…,ou=…), so that entries end at ';' and the last '=' divides.
    private static IEnumerable<(string Group, string Meaning)> Pairs(string? text, string key, string example, ICollection<string>? errors)
    {
        foreach (var entry in (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = entry.LastIndexOf('=');
            if (at > 0 && at < entry.Length - 1) yield return (entry[..at].Trim(), entry[(at + 1)..].Trim());
            else errors?.Add($"SignIn:Oidc:{key}: '{entry}' is not understood; write group=meaning with ';' between them, such as {example}.");
        }
    }
}
