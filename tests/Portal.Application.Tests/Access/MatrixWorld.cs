using Microsoft.EntityFrameworkCore;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Costs;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;

namespace Portal.Application.Tests.Access;

/// <summary>One kind of actor, towards what belongs to somebody of team vision.</summary>
/// <param name="Name">As in the table's head.</param>
/// <param name="Role">Empty: none.</param>
/// <param name="Team">The team they are in, with a trailing <c>!</c> for leads; empty: none.</param>
/// <param name="Owns">The subject is theirs; else it is Lena's.</param>
/// <param name="Scope">The only scope of their token; null: a browser.</param>
internal sealed record MatrixColumn(string Name, string Role, string Team, bool Owns = false, ShareLevel? Share = null, string? Scope = null)
{
    public static IReadOnlyList<MatrixColumn> All { get; } =
    [
        new("owner", "", "vision", Owns: true), new("owner who left", "", "", Owns: true),
        new("member", "", "vision"), new("lead", "", "vision!"), new("admin in it", PortalRoles.Admin, "vision"), new("FinOps in it", PortalRoles.FinOps, "vision"), new("auditor in it", PortalRoles.Auditor, "vision"),
        new("member elsewhere", "", "speech"), new("lead elsewhere", "", "speech!"), new("in no team", "", ""), new("admin", PortalRoles.Admin, "speech"), new("FinOps", PortalRoles.FinOps, "speech"), new("auditor", PortalRoles.Auditor, "speech"),
        new("shared: open", "", "speech", Share: ShareLevel.Open), new("shared: operate", "", "speech", Share: ShareLevel.Operate),
        .. TokenScopes.All.Select(s => new MatrixColumn($"owner's token: {s}", "", "vision", Owns: true, Scope: s)),
        .. TokenScopes.All.Select(s => new MatrixColumn($"admin's token: {s}", PortalRoles.Admin, "speech", Scope: s)),
    ];
}

/// <summary>A fresh subject of each kind, for one actor and one call; it belongs to the actor where the column says so.</summary>
internal sealed class MatrixWorld(ApplicationHost host, MatrixColumn column, Actor actor, Actor lena, int number)
{
    private const string Item = "vision-tool";

    public ApplicationHost Host => host;

    public Actor Actor => actor;

    /// <summary>An item that team vision supports and that is restricted.</summary>
    public string RestrictedItem => Item;

    public Guid OwnerId => column.Owns ? actor.UserId : lena.UserId;

    /// <summary>A name that nothing else has.</summary>
    public string Fresh => $"m{number}";

    private Guid Vision => lena.Teams.Single(t => t.Slug == "vision").Id;

    /// <summary>What is once for all: people to decide, an item of the team, a limit of the team, published policies.</summary>
    public static async Task PrepareAsync(ApplicationHost host, Actor lena)
    {
        await host.AddPersonAsync("Vera", ["vision!"]);
        await host.AddPersonAsync("Zoe");
        var version = await host.AddItemAsync(HostCatalog.Run(Item) with { Owner = "vision" });
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        db.AccessRestrictions.Add(new AccessRestriction { Kind = RestrictedKind.Item, Slug = Item, StepsJson = """[{"approvers": {"itemOwners": true}}]""", LongestGrant = TimeSpan.FromDays(30), OnEnd = OnGrantEnd.Keep, Grace = TimeSpan.Zero, CreatedAt = now });
        db.ResourceLimits.Add(new Domain.Teams.ResourceLimit { Id = Guid.CreateVersion7(now), TeamId = lena.Teams[0].Id, Workloads = 100_000, GpusJson = "{}" });
        db.TeamBudgets.Add(new TeamBudget { TeamId = lena.Teams[0].Id, Amount = 1000, ChangedAt = now });
        await db.SaveChangesAsync();
    }

    /// <summary>The owner's workload in team vision, with an attempt, a metric, an artifact and an hour of usage.</summary>
    public async Task<Guid> WorkloadAsync(WorkloadPhase phase = WorkloadPhase.Running, WorkloadKind kind = WorkloadKind.Notebook, string item = HostWorkloads.Notebook)
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var version = await (from i in db.CatalogItems join v in db.ItemVersions on i.Id equals v.ItemId where i.Slug == item select v.Id).FirstAsync();
        var hardware = await db.HardwareProfiles.SingleAsync(h => h.Slug == "cpu-tiny");
        var workload = new Workload
        {
            Id = Guid.CreateVersion7(now), RequestId = Guid.NewGuid(), Name = Fresh, Kind = kind, ItemVersionId = version, TeamId = Vision, OwnerId = OwnerId, Target = "local", Capacity = CapacityType.OnDemand, Hardware = "cpu-tiny",
            HardwareJson = hardware.SpecJson, ParametersJson = "{}", CreatedAt = now, HourlyPrice = 1, ListHourlyPrice = 1, Phase = phase, Desired = phase is WorkloadPhase.Stopped or WorkloadPhase.Failed ? DesiredState.Stopped : DesiredState.Running,
            QueuedAt = now, PhaseSince = now, StartedAt = now.AddHours(-1), EndedAt = phase == WorkloadPhase.Succeeded ? now : null, ExpiresAt = now.AddHours(2), Attempt = 1,
        };
        db.Workloads.Add(workload);
        if (column.Share is { } level) db.WorkloadShares.Add(new WorkloadShare { WorkloadId = workload.Id, UserId = actor.UserId, Level = level });
        db.WorkloadEvents.Add(new WorkloadEvent { WorkloadId = workload.Id, At = now, From = null, To = phase, Reason = "Made", Actor = "test" });
        await db.SaveChangesAsync();
        var from = Accrual.ToMicroseconds(now.AddHours(-1));
        await host.AddUsageAsync(workload.Id, 1, from, from.AddMinutes(30), from.AddMinutes(30), 1);
        host.Target.PutArtifact(workload.Id, "model.json", [1]);
        return workload.Id;
    }

    /// <summary>The owner's question to the leads of team vision.</summary>
    public async Task<Guid> RequestAsync(Guid? workload = null, bool decided = false)
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now), Kind = ApprovalKind.Access, RequesterId = OwnerId, TeamId = Vision, WorkloadId = workload, SubjectKind = "item", Subject = Fresh, Title = Fresh, Rule = "r", Why = "w", StepsJson = HostPolicies.Lead, StepSince = now,
            ExpiresAt = now.AddHours(1), CreatedAt = now, State = decided ? ApprovalState.Denied : ApprovalState.Waiting, EndedAt = decided ? now : null,
        };
        db.ApprovalRequests.Add(request);
        await db.SaveChangesAsync();
        return request.Id;
    }

    /// <summary>The owner's grant for <see cref="RestrictedItem"/>.</summary>
    public async Task<Guid> GrantAsync()
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var grant = new AccessGrant { Id = Guid.CreateVersion7(now), Kind = RestrictedKind.Item, Slug = Item, UserId = OwnerId, StartsAt = now.AddHours(-1), EndsAt = now.AddHours(1), GrantedById = lena.UserId };
        db.AccessGrants.Add(grant);
        await db.SaveChangesAsync();
        return grant.Id;
    }

    /// <summary>A workload of Vera's in team vision that she offers to the owner.</summary>
    public async Task<Guid> OfferAsync()
    {
        var id = await WorkloadAsync();
        await using var db = await host.OpenAsync();
        var vera = await db.Users.Where(u => u.Email == "vera@example.org").Select(u => u.Id).SingleAsync();
        (await db.Workloads.SingleAsync(w => w.Id == id)).OwnerId = vera;
        var now = await db.NowAsync(default);
        db.WorkloadTransfers.Add(new WorkloadTransfer { Id = Guid.CreateVersion7(now), WorkloadId = id, FromUserId = vera, ToUserId = OwnerId, OfferedById = vera, CreatedAt = now, ExpiresAt = now.AddHours(1) });
        await db.SaveChangesAsync();
        return id;
    }

    /// <summary>A notification for the owner; its e-mail has failed.</summary>
    public async Task<(Guid Notification, Guid Delivery)> NotificationAsync()
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var notification = new Notification { Id = Guid.CreateVersion7(now), UserId = OwnerId, Kind = NotificationKind.Ownership, Title = Fresh, Link = "/", Key = Fresh, InApp = true, CreatedAt = now };
        var delivery = new NotificationDelivery { Id = Guid.CreateVersion7(now), NotificationId = notification.Id, Channel = NotificationChannel.Email, State = DeliveryState.Failed, Attempts = 8, LastError = "No.", NextAttemptAt = now, CreatedAt = now };
        db.AddRange(notification, delivery);
        await db.SaveChangesAsync();
        return (notification.Id, delivery.Id);
    }

    /// <summary>The owner's token.</summary>
    public async Task<Guid> TokenAsync()
    {
        var made = await host.Get<CreateToken>().ExecuteAsync(Fresh, [TokenScopes.Read], null, await host.ActorAsync(OwnerId), default);
        return ((CreateToken.Outcome.Created)made).Row.Id;
    }

    /// <summary>The owner's delegation to Zoe.</summary>
    public async Task<Guid> DelegationAsync()
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var zoe = await db.Users.Where(u => u.Email == "zoe@example.org").Select(u => u.Id).SingleAsync();
        var delegation = new Delegation { Id = Guid.CreateVersion7(now), FromUserId = OwnerId, ToUserId = zoe, StartsAt = now, EndsAt = now.AddHours(1), CreatedAt = now };
        db.Delegations.Add(delegation);
        await db.SaveChangesAsync();
        return delegation.Id;
    }

    /// <summary>The owner's saved view.</summary>
    public async Task<Guid> ViewAsync()
    {
        await using var db = await host.OpenAsync();
        var view = new SavedView { Id = Guid.CreateVersion7(), UserId = OwnerId, Name = Fresh, Query = "q=1", CreatedAt = await db.NowAsync(default) };
        db.SavedViews.Add(view);
        await db.SaveChangesAsync();
        return view.Id;
    }

    /// <summary>An account that is nobody's business yet; its e-mail.</summary>
    public async Task<string> PersonAsync() => (await host.AddPersonAsync(Fresh)).Email;
}
