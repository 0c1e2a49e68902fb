using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;
using Portal.Domain.Catalog;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Policies;

/// <summary>A request as somebody describes it; nulls are the item's defaults.</summary>
/// <param name="Person">E-mail of who would ask; null: an ordinary member.</param>
/// <param name="HourlyPrice">US dollars; null: what the price book says.</param>
public sealed record SimulatedRequest(string Item, string Team, string? Person = null, string? Hardware = null, string? Target = null, string? Capacity = null, decimal? HourlyPrice = null, TimeSpan? Lifetime = null, decimal? BudgetLeftAfter = null);

/// <summary>Shows which rule would decide a described request, and why the others would not. Nothing is created.</summary>
public sealed class SimulatePolicies(IDbContextFactory<PortalDbContext> contexts, PolicyBook book, PublishedItems items, CurrentPrices prices)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="PolicyNumber">0: a draft, or nothing was ever published.</param>
        public sealed record Simulated(PolicyVerdict Verdict, int PolicyNumber) : Outcome;

        public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Outcome;

        public sealed record Forbidden(string Reason) : Outcome;
    }

    /// <param name="draft">Policies that are not published; null: those in force.</param>
    public async Task<Outcome> ExecuteAsync(SimulatedRequest request, JsonElement? draft, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ReadPolicies) is { } refusal) return new Outcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var inForce = await book.GetAsync(db, cancellationToken);
        var (list, errors) = draft is { } document ? PolicyReader.Read(document) : (inForce.List, new Dictionary<string, string[]>());
        if (list is null) return new Outcome.Invalid(errors);
        var (facts, wrong) = await FactsAsync(db, request, cancellationToken);
        return facts is null ? new Outcome.Invalid(wrong) : new Outcome.Simulated(PolicyEvaluator.Evaluate(list, facts), draft is null ? inForce.Number : 0);
    }

    private async Task<(PolicyFacts? Facts, Dictionary<string, string[]> Errors)> FactsAsync(PortalDbContext db, SimulatedRequest request, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var version = await items.FindAsync(request.Item, null, cancellationToken);
        if (version is null) errors["request.item"] = [$"There is no item '{request.Item}' in the catalog."];
        var slug = request.Hardware ?? version?.Spec.Hardware[0];
        var hardware = await db.HardwareProfiles.Where(h => h.Slug == slug).Select(h => h.SpecJson).SingleOrDefaultAsync(cancellationToken);
        if (hardware is null && version is not null) errors["request.hardware"] = [$"There is no hardware '{slug}'."];
        var capacity = CapacityType.OnDemand;
        if (request.Capacity is not null && !CapacityTypes.TryParse(request.Capacity, out capacity)) errors["request.capacity"] = ["Allowed: on-demand, spot, spot-with-fallback."];
        var team = await db.Teams.Where(t => t.Slug == request.Team).Select(t => new { t.Id, t.Slug, t.Name }).SingleOrDefaultAsync(cancellationToken);
        if (team is null) errors["request.team"] = [$"There is no team '{request.Team}'."];
        var email = request.Person?.Trim().ToUpperInvariant();
        var person = email is null ? null : await db.Users.Where(u => u.NormalizedEmail == email).Select(u => (Guid?)u.Id).SingleOrDefaultAsync(cancellationToken);
        if (email is not null && person is null) errors["request.person"] = [$"There is no account '{request.Person}'."];
        if (request.HourlyPrice is < 0 or > 1_000_000) errors["request.hourlyPrice"] = ["From 0 to 1,000,000."];
        if (errors.Count > 0) return (null, errors);
        var spec = PortalJson.Read<HardwareProfileSpec>(hardware!);
        var price = request.HourlyPrice ?? (await prices.GetAsync(cancellationToken)).ForShare(spec, capacity).HourlyPrice;
        var roles = await db.UserRoles.Where(r => r.UserId == person).Join(db.Roles, r => r.RoleId, r => r.Id, (_, r) => r.Name!).ToListAsync(cancellationToken);
        var part = await db.TeamMembers.Where(m => m.UserId == person && m.TeamId == team!.Id).Select(m => (TeamRole?)m.Role).SingleOrDefaultAsync(cancellationToken) ?? TeamRole.Member;
        var asker = new Actor(person ?? Guid.Empty, "", "", roles.ToHashSet(), [], new HashSet<string>());
        var target = request.Target ?? version!.Spec.Deployments[0].Target;
        var lifetime = request.Lifetime ?? version!.Spec.Defaults.Lifetime;
        return (PolicyFacts.Of(version!.Spec, spec, target, capacity, price, lifetime, asker, new ActorTeam(team!.Id, team.Slug, team.Name, part)) with { BudgetLeftAfter = request.BudgetLeftAfter }, errors);
    }
}
