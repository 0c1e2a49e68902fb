using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Data.Configurations;

internal sealed class UsageIntervalConfiguration : IEntityTypeConfiguration<UsageInterval>
{
    public void Configure(EntityTypeBuilder<UsageInterval> builder)
    {
        builder.ToTable("usage_intervals", t =>
            t.HasCheckConstraint("ck_usage_intervals_times", "posted_until >= started_at and (ended_at is null or (ended_at >= started_at and posted_until <= ended_at))"));
        builder.Property(i => i.Id).ValueGeneratedNever();
        builder.Property(i => i.HourlyPrice).HasPrecision(20, 12);
        builder.Property(i => i.ListHourlyPrice).HasPrecision(20, 12);
        builder.Property(i => i.Component).HasMaxLength(40);
        builder.Property(i => i.CapacityType).HasMaxLength(32);
        builder.Property(i => i.Currency).HasMaxLength(3);
        builder.Property(i => i.Part).HasMaxLength(100);
        builder.HasIndex(i => new { i.AllocationId, i.Component, i.Part }).IsUnique().HasFilter("ended_at is null").HasDatabaseName("ix_usage_intervals_one_open");
        builder.HasIndex(i => new { i.AllocationId, i.Component, i.Part, i.StartedAt }).IsUnique();
        builder.HasIndex(i => i.WorkloadId);
        builder.HasOne<Allocation>().WithMany().HasForeignKey(i => i.AllocationId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class UsageRecordConfiguration : IEntityTypeConfiguration<UsageRecord>
{
    public void Configure(EntityTypeBuilder<UsageRecord> builder)
    {
        builder.ToTable("usage_records", t => t.HasCheckConstraint("ck_usage_records_period", "period_end > period_start"));
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.Property(r => r.HourlyPrice).HasPrecision(20, 12);
        builder.Property(r => r.ListHourlyPrice).HasPrecision(20, 12);
        builder.Property(r => r.Cost).HasPrecision(18, 6);
        builder.Property(r => r.ListCost).HasPrecision(18, 6);
        builder.Property(r => r.Component).HasMaxLength(40);
        builder.Property(r => r.CapacityType).HasMaxLength(32);
        builder.Property(r => r.Currency).HasMaxLength(3);
        builder.HasIndex(r => new { r.IntervalId, r.PeriodStart, r.Revision }).IsUnique();
        builder.HasIndex(r => r.AllocationId);
        builder.HasIndex(r => r.WorkloadId);
        builder.HasIndex(r => r.PeriodStart);
        builder.HasOne<Allocation>().WithMany().HasForeignKey(r => r.AllocationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<UsageInterval>().WithMany().HasForeignKey(r => r.IntervalId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class InstancePriceConfiguration : IEntityTypeConfiguration<InstancePrice>
{
    public void Configure(EntityTypeBuilder<InstancePrice> builder)
    {
        builder.ToTable("instance_prices", t => t.HasCheckConstraint("ck_instance_prices_price", "price >= 0"));
        builder.Property(p => p.Id).ValueGeneratedNever();
        builder.Property(p => p.InstanceType).HasMaxLength(60);
        builder.Property(p => p.Region).HasMaxLength(60);
        builder.Property(p => p.Zone).HasMaxLength(60);
        builder.Property(p => p.Price).HasPrecision(20, 12);
        builder.Property(p => p.Currency).HasMaxLength(3);
        builder.HasIndex(p => new { p.InstanceType, p.Region, p.Zone, p.Spot, p.EffectiveFrom }).IsUnique();
    }
}

internal sealed class TeamBudgetConfiguration : IEntityTypeConfiguration<TeamBudget>
{
    public void Configure(EntityTypeBuilder<TeamBudget> builder)
    {
        builder.ToTable("team_budgets", t => t.HasCheckConstraint("ck_team_budgets_amount", "amount >= 0"));
        builder.HasKey(b => b.TeamId);
        builder.Property(b => b.Amount).HasPrecision(20, 4);
        builder.Property(b => b.Currency).HasMaxLength(3);
        builder.Property(b => b.RowVersion).IsRowVersion();
        builder.HasOne<Portal.Domain.Teams.Team>().WithMany().HasForeignKey(b => b.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class StoredAnswerConfiguration : IEntityTypeConfiguration<StoredAnswer>
{
    public void Configure(EntityTypeBuilder<StoredAnswer> builder)
    {
        builder.ToTable("stored_answers");
        builder.HasKey(a => new { a.UserId, a.Route, a.Key });
        builder.Property(a => a.Route).HasMaxLength(200);
        builder.Property(a => a.Key).HasMaxLength(200);
        builder.HasIndex(a => a.CreatedAt);
    }
}

internal sealed class LeaderLeaseConfiguration : IEntityTypeConfiguration<LeaderLease>
{
    public void Configure(EntityTypeBuilder<LeaderLease> builder)
    {
        builder.ToTable("leader_leases");
        builder.HasKey(l => l.Name);
        builder.Property(l => l.Name).HasMaxLength(100);
    }
}

internal sealed class InstallationConfiguration : IEntityTypeConfiguration<Installation>
{
    public void Configure(EntityTypeBuilder<Installation> builder)
    {
        builder.ToTable("installation");
        builder.Property(i => i.Id).ValueGeneratedNever();
    }
}
