using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;
using Portal.Domain.Teams;

namespace Portal.Application.Access.Approvals;

/// <summary>Somebody who could decide.</summary>
public sealed record Approver(Guid Id, string Name, string Email);

/// <summary>Who could decide what, as of one moment: leads, people with roles, people named.</summary>
public sealed class ApproverBook
{
    private readonly ILookup<Guid, Approver> _leads;
    private readonly ILookup<string, Approver> _roles;
    private readonly Dictionary<string, Approver> _named;

    private ApproverBook(ILookup<Guid, Approver> leads, ILookup<string, Approver> roles, Dictionary<string, Approver> named) => (_leads, _roles, _named) = (leads, roles, named);

    /// <summary>Reads leads and roles, and the people that these steps name.</summary>
    public static async Task<ApproverBook> ReadAsync(PortalDbContext db, IEnumerable<ApprovalStep> steps, CancellationToken cancellationToken)
    {
        var enabled = db.Users.Where(u => !u.Disabled);
        var leads = await db.TeamMembers.Where(m => m.Role == TeamRole.Lead).Join(enabled, m => m.UserId, u => u.Id, (m, u) => new { m.TeamId, u.Id, u.DisplayName, u.Email }).ToListAsync(cancellationToken);
        var roles = await db.UserRoles.Join(db.Roles, r => r.RoleId, r => r.Id, (r, role) => new { r.UserId, role.Name }).Join(enabled, r => r.UserId, u => u.Id, (r, u) => new { r.Name, u.Id, u.DisplayName, u.Email }).ToListAsync(cancellationToken);
        var emails = steps.Select(s => s.Approvers).OfType<Approvers.People>().SelectMany(p => p.Emails).Select(e => e.ToUpperInvariant()).Distinct().ToList();
        var named = emails.Count == 0 ? [] : await enabled.Where(u => emails.Contains(u.NormalizedEmail!)).Select(u => new { u.Id, u.DisplayName, u.Email, u.NormalizedEmail }).ToListAsync(cancellationToken);
        return new ApproverBook(
            leads.ToLookup(l => l.TeamId, l => new Approver(l.Id, l.DisplayName, l.Email ?? "")), roles.ToLookup(r => r.Name!, r => new Approver(r.Id, r.DisplayName, r.Email ?? "")),
            named.ToDictionary(n => n.NormalizedEmail!, n => new Approver(n.Id, n.DisplayName, n.Email ?? "")));
    }

    /// <summary>Who may decide a step, never the requester, nor the owner of the workload it is about. Where a team has no lead but the requester, administrators stand in.</summary>
    /// <param name="teamId">The team that pays.</param>
    /// <param name="itemTeamId">The team that supports the item.</param>
    /// <param name="ownerId">Whose workload it is about, who decides as little as the requester; null: about none.</param>
    public IReadOnlyList<Approver> For(Approvers approvers, Guid teamId, Guid? itemTeamId, Guid requesterId, Guid? ownerId = null)
    {
        IEnumerable<Approver> found = approvers switch
        {
            Approvers.TeamLeads => _leads[teamId],
            Approvers.ItemOwners => itemTeamId is { } id ? _leads[id] : [],
            Approvers.InRole role => _roles[role.Role],
            Approvers.People people => people.Emails.Select(e => _named.GetValueOrDefault(e.ToUpperInvariant())).OfType<Approver>(),
            _ => throw new InvalidOperationException($"Unknown approvers {approvers}."),
        };
        var others = found.Where(a => a.Id != requesterId && a.Id != ownerId).ToList();
        return others.Count == 0 && approvers is Approvers.TeamLeads or Approvers.ItemOwners ? [.. _roles[PortalRoles.Admin].Where(a => a.Id != requesterId && a.Id != ownerId)] : others;
    }

    /// <summary>Whether there are enough different people for all steps: a person counts once, whatever the number of hats.</summary>
    public bool CanBeMet(IReadOnlyList<ApprovalStep> steps, Guid teamId, Guid? itemTeamId, Guid requesterId, Guid? ownerId = null)
    {
        var seats = steps.SelectMany(s => Enumerable.Repeat(For(s.Approvers, teamId, itemTeamId, requesterId, ownerId).Select(a => a.Id).ToHashSet(), s.Count)).ToList();
        var seatOf = new Dictionary<Guid, int>();
        return Enumerable.Range(0, seats.Count).All(seat => Sit(seat, []));

        // Finds a person for the seat, moving others to seats that suit them as well.
        bool Sit(int seat, HashSet<Guid> asked)
        {
            foreach (var person in seats[seat].Where(asked.Add))
            {
                if (seatOf.TryGetValue(person, out var taken) && !Sit(taken, asked)) continue;
                seatOf[person] = seat;
                return true;
            }
            return false;
        }
    }
}
