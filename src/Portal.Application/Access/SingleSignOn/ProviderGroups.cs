using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Application.Access.SingleSignOn;

/// <summary>Makes a person's roles and teams what the provider's groups say, as far as the mapping manages them.</summary>
public sealed partial class ProviderGroups(PortalDbContext db, UserManager<PortalUser> users, SignInSettings settings, ILogger<ProviderGroups> logger)
{
    /// <summary>Within the caller's transaction. When something was taken away, other sessions of the person end.</summary>
    internal async Task ApplyAsync(PortalUser user, IReadOnlyList<string> memberOf, CancellationToken cancellationToken)
    {
        var map = GroupMap.Read(settings.Oidc);
        if (map.Roles.Count == 0 && map.Teams.Count == 0) return;
        // The lock of every change of roles: two administrators must not both lose their role as the one who is left.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('administrators', 0))", cancellationToken);
        await db.Entry(user).ReloadAsync(cancellationToken);
        if (user.Disabled) return;
        var now = await db.NowAsync(cancellationToken);
        var tookRole = await RolesAsync(user, map, memberOf, now);
        var tookPlace = await TeamsAsync(user, map, memberOf, now, cancellationToken);
        if (tookRole || tookPlace) Require(await users.UpdateSecurityStampAsync(user));
    }

    private async Task<bool> RolesAsync(PortalUser user, GroupMap map, IReadOnlyList<string> memberOf, DateTimeOffset now)
    {
        var before = (await users.GetRolesAsync(user)).Order(StringComparer.Ordinal).ToList();
        var given = map.RolesOf(memberOf);
        var managed = map.Roles.Select(r => r.Role).ToHashSet();
        var after = before.Where(r => !managed.Contains(r)).Concat(given).Distinct().Order(StringComparer.Ordinal).ToList();
        if (before.Contains(PortalRoles.Admin) && !after.Contains(PortalRoles.Admin) && (await users.GetUsersInRoleAsync(PortalRoles.Admin)).All(u => u.Id == user.Id || u.Disabled))
        {
            LogLastAdministrator(logger, user.Id);
            after = [.. after.Append(PortalRoles.Admin).Order(StringComparer.Ordinal)];
        }
        if (before.SequenceEqual(after)) return false;
        var taken = before.Except(after).ToList();
        Require(await users.RemoveFromRolesAsync(user, taken));
        Require(await users.AddToRolesAsync(user, after.Except(before)));
        db.Audit(null, now, "user.update", "user", user.Id.ToString(), user.Email!, new { before, after }, "The provider's groups");
        return taken.Count > 0;
    }

    private async Task<bool> TeamsAsync(PortalUser user, GroupMap map, IReadOnlyList<string> memberOf, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var slugs = map.Teams.Select(t => t.Team).Distinct().ToList();
        var teams = await db.Teams.Where(t => slugs.Contains(t.Slug)).OrderBy(t => t.Slug).ToListAsync(cancellationToken);
        if (slugs.Except(teams.Select(t => t.Slug)).ToList() is { Count: > 0 } missing) LogMissingTeams(logger, string.Join(", ", missing));
        var ids = teams.Select(t => t.Id).ToList();
        var places = await db.TeamMembers.Where(m => m.UserId == user.Id && ids.Contains(m.TeamId)).ToDictionaryAsync(m => m.TeamId, cancellationToken);
        var took = false;
        foreach (var team in teams)
        {
            var place = places.GetValueOrDefault(team.Id);
            var before = place?.Role;
            var after = map.PlaceIn(team.Slug, memberOf, before);
            if (before == after) continue;
            if (after is not { } role) db.TeamMembers.Remove(place!);
            else if (place is null) db.TeamMembers.Add(new TeamMember { TeamId = team.Id, UserId = user.Id, Role = role });
            else place.Role = role;
            took |= after is null || after < before;
            db.Audit(null, now, after is null ? "team.member.remove" : "team.member", "team", team.Slug, team.Name, new { email = user.Email, before, after }, "The provider's groups");
        }
        return took;
    }

    private static void Require(IdentityResult result)
    {
        if (!result.Succeeded) throw new InvalidOperationException(string.Join(" ", result.Errors.Select(e => e.Description)));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The provider's groups no longer make {UserId} an administrator, but nobody else is one: the role stays")]
    private static partial void LogLastAdministrator(ILogger logger, Guid userId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "SignIn:Oidc:TeamOf names teams that do not exist: {Teams}")]
    private static partial void LogMissingTeams(ILogger logger, string teams);
}
