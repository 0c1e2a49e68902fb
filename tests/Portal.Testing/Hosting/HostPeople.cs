using Microsoft.EntityFrameworkCore;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Testing.Hosting;

/// <summary>People and teams for tests. Accounts have no password unless a test sets one.</summary>
public static class HostPeople
{
    /// <summary>A team; the name is made from the slug.</summary>
    public static async Task<Team> AddTeamAsync(this ApplicationHost host, string slug, string? costCentre = null)
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var team = new Team { Id = Guid.CreateVersion7(now), Slug = slug, Name = char.ToUpperInvariant(slug[0]) + slug[1..], CostCentre = costCentre, CreatedAt = now };
        db.Teams.Add(team);
        await db.SaveChangesAsync();
        return team;
    }

    /// <summary>A person, named as given, with the e-mail <c>name@example.org</c>; member of the named teams (a trailing <c>!</c> makes them lead, a missing team is made).</summary>
    public static async Task<Actor> AddPersonAsync(this ApplicationHost host, string name, IReadOnlyList<string>? teams = null, IReadOnlyList<string>? roles = null)
    {
        var email = $"{name.ToLowerInvariant()}@example.org";
        await using var db = await host.OpenAsync();
        var user = new PortalUser
        {
            Id = Guid.CreateVersion7(),
            Email = email,
            NormalizedEmail = email.ToUpperInvariant(),
            UserName = email,
            NormalizedUserName = email.ToUpperInvariant(),
            DisplayName = name,
            SecurityStamp = Guid.NewGuid().ToString("N"),
            LockoutEnabled = true,
            CreatedAt = await db.NowAsync(default),
        };
        db.Users.Add(user);
        foreach (var role in roles ?? [])
            db.UserRoles.Add(new() { UserId = user.Id, RoleId = await db.Roles.Where(r => r.Name == role).Select(r => r.Id).SingleAsync() });
        await db.SaveChangesAsync();
        foreach (var team in teams ?? []) await host.JoinAsync(user.Id, team.TrimEnd('!'), team.EndsWith('!') ? TeamRole.Lead : TeamRole.Member);
        return await host.ActorAsync(user.Id);
    }

    /// <summary>Puts a person into a team, making it when it does not exist.</summary>
    public static async Task JoinAsync(this ApplicationHost host, Guid userId, string team, TeamRole role = TeamRole.Member)
    {
        await using var db = await host.OpenAsync();
        var found = await db.Teams.SingleOrDefaultAsync(t => t.Slug == team) ?? await host.AddTeamAsync(team);
        db.TeamMembers.Add(new TeamMember { TeamId = found.Id, UserId = userId, Role = role });
        await db.SaveChangesAsync();
    }

    /// <summary>The person as an actor with the rights of this moment; scopes as of a token, or all.</summary>
    public static async Task<Actor> ActorAsync(this ApplicationHost host, Guid userId, params string[] scopes) =>
        await host.Get<ActorDirectory>().FindAsync(userId, scopes.Length == 0 ? null : scopes, CancellationToken.None) ?? throw new InvalidOperationException("No such person, or disabled.");
}
