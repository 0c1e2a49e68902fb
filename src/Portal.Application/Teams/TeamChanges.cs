using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Application.Teams;

/// <summary>Makes a team.</summary>
public sealed partial class CreateTeam(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<PeopleOutcome> ExecuteAsync(string slug, string name, string? costCentre, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.CreateTeam) is { } refusal) return new PeopleOutcome.Forbidden(refusal);
        var errors = new Dictionary<string, string[]>();
        if (slug is null || !Slug().IsMatch(slug)) errors["slug"] = ["1 to 40 characters of a–z, 0–9 and -, beginning and ending with a letter or digit."];
        if (string.IsNullOrWhiteSpace(name) || name.Length > 100 || name.Contains('\0')) errors["name"] = ["1 to 100 characters."];
        if (costCentre?.Length > 60 || costCentre?.Contains('\0') == true) errors["costCentre"] = ["At most 60 characters."];
        if (errors.Count > 0) return new PeopleOutcome.Invalid(errors);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        db.Teams.Add(new Team { Id = Guid.CreateVersion7(now), Slug = slug!, Name = name.Trim(), CostCentre = costCentre, CreatedAt = now });
        db.Audit(actor, now, "team.create", "team", slug!, name, new { costCentre });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new PeopleOutcome.Conflict($"There is already a team '{slug}'.");
        }
        return new PeopleOutcome.Done(slug!);
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex Slug();
}

/// <summary>Puts a person into a team, or changes their part in it. Administrators and the team's leads.</summary>
public sealed class SetTeamMember(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<PeopleOutcome> ExecuteAsync(string slug, string email, TeamRole role, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var team = await db.Teams.SingleOrDefaultAsync(t => t.Slug == slug, cancellationToken);
        if (TeamRules.Refusal(team, slug, actor) is { } refused) return refused;
        var normalized = email.ToUpperInvariant();
        var user = await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized, cancellationToken);
        if (user is null) return new PeopleOutcome.NotFound($"There is no account '{email}'.");
        var member = await db.TeamMembers.SingleOrDefaultAsync(m => m.TeamId == team!.Id && m.UserId == user.Id, cancellationToken);
        var before = member?.Role;
        if (member is null) db.TeamMembers.Add(new TeamMember { TeamId = team!.Id, UserId = user.Id, Role = role });
        else member.Role = role;
        db.Audit(actor, await db.NowAsync(cancellationToken), "team.member", "team", slug, team!.Name, new { email = user.Email, before, after = role });
        await db.SaveChangesAsync(cancellationToken);
        return new PeopleOutcome.Done(slug);
    }
}

/// <summary>Takes a person out of a team; they lose sight of its workloads at once.</summary>
public sealed class RemoveTeamMember(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<PeopleOutcome> ExecuteAsync(string slug, string email, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var team = await db.Teams.SingleOrDefaultAsync(t => t.Slug == slug, cancellationToken);
        if (TeamRules.Refusal(team, slug, actor) is { } refused) return refused;
        var normalized = email.ToUpperInvariant();
        var removed = await db.TeamMembers.Where(m => m.TeamId == team!.Id && db.Users.Any(u => u.Id == m.UserId && u.NormalizedEmail == normalized)).ToListAsync(cancellationToken);
        if (removed.Count == 0) return new PeopleOutcome.Done(slug);
        db.TeamMembers.RemoveRange(removed);
        db.Audit(actor, await db.NowAsync(cancellationToken), "team.member.remove", "team", slug, team!.Name, new { email, before = removed[0].Role, after = (TeamRole?)null });
        await db.SaveChangesAsync(cancellationToken);
        return new PeopleOutcome.Done(slug);
    }
}

internal static class TeamRules
{
    public static PeopleOutcome? Refusal(Team? team, string slug, Actor actor)
    {
        var ruling = team is null ? null : Permissions.Of(actor, PortalAction.ManageMembers, new Subject.Team(team.Id));
        if (ruling?.Allowed == true) return null;
        return ruling is null or { Hidden: true } ? new PeopleOutcome.NotFound($"There is no team '{slug}'.") : new PeopleOutcome.Forbidden(ruling.Reason);
    }
}
