using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;
using Portal.Domain.Audit;
using Portal.Domain.Catalog;
using Portal.Domain.Costs;
using Portal.Domain.Notifications;
using Portal.Domain.Settings;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Data;

/// <summary>The portal's database. One context per use case, from <c>IDbContextFactory</c>.</summary>
public sealed class PortalDbContext(DbContextOptions<PortalDbContext> options)
    : IdentityDbContext<PortalUser, IdentityRole<Guid>, Guid>(options), IDataProtectionKeyContext
{
    public DbSet<Team> Teams => Set<Team>();
    public DbSet<TeamMember> TeamMembers => Set<TeamMember>();
    public DbSet<AccessToken> AccessTokens => Set<AccessToken>();
    public DbSet<BrowserSession> BrowserSessions => Set<BrowserSession>();
    public DbSet<EntryCode> EntryCodes => Set<EntryCode>();
    public DbSet<Category> Categories => Set<Category>();
    public DbSet<HardwareProfile> HardwareProfiles => Set<HardwareProfile>();
    public DbSet<CatalogItem> CatalogItems => Set<CatalogItem>();
    public DbSet<ItemVersion> ItemVersions => Set<ItemVersion>();
    public DbSet<Rate> Rates => Set<Rate>();
    public DbSet<InstancePrice> InstancePrices => Set<InstancePrice>();
    public DbSet<Workload> Workloads => Set<Workload>();
    public DbSet<WorkloadShare> WorkloadShares => Set<WorkloadShare>();
    public DbSet<WorkloadTransfer> WorkloadTransfers => Set<WorkloadTransfer>();
    public DbSet<SavedView> SavedViews => Set<SavedView>();
    public DbSet<Allocation> Allocations => Set<Allocation>();
    public DbSet<WorkloadEvent> WorkloadEvents => Set<WorkloadEvent>();
    public DbSet<MetricPoint> MetricPoints => Set<MetricPoint>();
    public DbSet<UsageInterval> UsageIntervals => Set<UsageInterval>();
    public DbSet<UsageRecord> UsageRecords => Set<UsageRecord>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<AuditSeal> AuditSeals => Set<AuditSeal>();
    public DbSet<AuditUnsealed> AuditUnsealed => Set<AuditUnsealed>();
    public DbSet<PortalSetting> Settings => Set<PortalSetting>();
    public DbSet<PolicyVersion> PolicyVersions => Set<PolicyVersion>();
    public DbSet<ApprovalRequest> ApprovalRequests => Set<ApprovalRequest>();
    public DbSet<ApprovalDecision> ApprovalDecisions => Set<ApprovalDecision>();
    public DbSet<Delegation> Delegations => Set<Delegation>();
    public DbSet<AccessRestriction> AccessRestrictions => Set<AccessRestriction>();
    public DbSet<AccessGrant> AccessGrants => Set<AccessGrant>();
    public DbSet<ResourceLimit> ResourceLimits => Set<ResourceLimit>();
    public DbSet<TeamBudget> TeamBudgets => Set<TeamBudget>();
    public DbSet<Notification> Notifications => Set<Notification>();
    public DbSet<NotificationDelivery> NotificationDeliveries => Set<NotificationDelivery>();
    public DbSet<NotificationChoice> NotificationChoices => Set<NotificationChoice>();
    public DbSet<WebhookAddress> WebhookAddresses => Set<WebhookAddress>();
    public DbSet<StoredAnswer> StoredAnswers => Set<StoredAnswer>();
    public DbSet<LeaderLease> LeaderLeases => Set<LeaderLease>();
    public DbSet<Installation> Installations => Set<Installation>();
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(PortalDbContext).Assembly);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
    }
}

/// <summary>The answer to a request with an <c>Idempotency-Key</c>, kept 24 hours.</summary>
public sealed class StoredAnswer
{
    public required Guid UserId { get; init; }
    public required string Route { get; init; }
    public required string Key { get; init; }
    /// <summary>SHA-256 of the request body.</summary>
    public required byte[] BodyHash { get; init; }
    /// <summary>Null while the first request is still being answered.</summary>
    public int? Status { get; set; }
    public string? Body { get; set; }
    public string? Location { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Who does a job that one process at a time should do, such as observing a target.</summary>
public sealed class LeaderLease
{
    public required string Name { get; init; }
    public required Guid Holder { get; set; }
    public required DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>The one row that names this installation; everything on targets is labelled with it.</summary>
public sealed class Installation
{
    public required Guid Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
