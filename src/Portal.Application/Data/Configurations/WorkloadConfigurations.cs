using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Catalog;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Data.Configurations;

internal sealed class WorkloadConfiguration : IEntityTypeConfiguration<Workload>
{
    public void Configure(EntityTypeBuilder<Workload> builder)
    {
        builder.ToTable("workloads", t =>
        {
            t.HasCheckConstraint("ck_workloads_name", "name ~ '^[a-z0-9-]{1,40}$'");
            t.HasCheckConstraint("ck_workloads_price", "hourly_price >= 0 and list_hourly_price >= 0");
        });
        builder.Property(w => w.Id).ValueGeneratedNever();
        builder.Property(w => w.Name).HasMaxLength(40);
        builder.Property(w => w.Target).HasMaxLength(60);
        builder.Property(w => w.Hardware).HasMaxLength(60);
        builder.Property(w => w.HardwareJson).HasColumnName("hardware_spec").HasColumnType("jsonb");
        builder.Property(w => w.ParametersJson).HasColumnName("parameters").HasColumnType("jsonb");
        builder.Property(w => w.TagsJson).HasColumnName("tags").HasColumnType("jsonb");
        builder.Property(w => w.HourlyPrice).HasPrecision(20, 12);
        builder.Property(w => w.ListHourlyPrice).HasPrecision(20, 12);
        builder.Property(w => w.Currency).HasMaxLength(3);
        builder.Property(w => w.RowVersion).IsRowVersion();
        builder.HasIndex(w => new { w.OwnerId, w.RequestId }).IsUnique();
        builder.HasIndex(w => new { w.TeamId, w.Name }).IsUnique().HasFilter("phase <> 'Deleted'").HasDatabaseName("ix_workloads_team_name_live");
        builder.HasIndex(w => w.NextActionAt).HasFilter("next_action_at is not null");
        builder.HasIndex(w => new { w.Target, w.Phase, w.QueuedAt });
        builder.Property(w => w.StopReason).HasMaxLength(300);
        builder.Property(w => w.ActivityWhat).HasMaxLength(200);
        builder.Property(w => w.ProbeProblem).HasMaxLength(500);
        builder.HasIndex(w => w.IdleStopAt).HasFilter("idle_stop_at is not null");
        builder.HasIndex(w => new { w.TeamId, w.CreatedAt });
        builder.HasIndex(w => new { w.OwnerId, w.CreatedAt });
        builder.HasOne<ItemVersion>().WithMany().HasForeignKey(w => w.ItemVersionId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Team>().WithMany().HasForeignKey(w => w.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(w => w.OwnerId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class WorkloadShareConfiguration : IEntityTypeConfiguration<WorkloadShare>
{
    public void Configure(EntityTypeBuilder<WorkloadShare> builder)
    {
        builder.ToTable("workload_shares");
        builder.HasKey(s => new { s.WorkloadId, s.UserId });
        builder.HasOne<Workload>().WithMany().HasForeignKey(s => s.WorkloadId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(s => s.UserId);
    }
}

internal sealed class WorkloadTransferConfiguration : IEntityTypeConfiguration<WorkloadTransfer>
{
    public void Configure(EntityTypeBuilder<WorkloadTransfer> builder)
    {
        builder.ToTable("workload_transfers", t => t.HasCheckConstraint("ck_workload_transfers_end", "(state = 'Offered') = (ended_at is null)"));
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.HasIndex(t => t.WorkloadId).IsUnique().HasFilter("state = 'Offered'").HasDatabaseName("ix_workload_transfers_one_open");
        builder.HasIndex(t => new { t.ToUserId, t.State });
        builder.HasOne<Workload>().WithMany().HasForeignKey(t => t.WorkloadId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(t => t.FromUserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(t => t.ToUserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(t => t.OfferedById).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class SavedViewConfiguration : IEntityTypeConfiguration<SavedView>
{
    public void Configure(EntityTypeBuilder<SavedView> builder)
    {
        builder.ToTable("saved_views");
        builder.Property(v => v.Id).ValueGeneratedNever();
        builder.Property(v => v.Name).HasMaxLength(40);
        builder.Property(v => v.Query).HasMaxLength(2000);
        builder.HasIndex(v => new { v.UserId, v.Name }).IsUnique();
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(v => v.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class AllocationConfiguration : IEntityTypeConfiguration<Allocation>
{
    public void Configure(EntityTypeBuilder<Allocation> builder)
    {
        builder.ToTable("allocations", t => t.HasCheckConstraint("ck_allocations_times", "ended_at is null or started_at is null or ended_at >= started_at"));
        builder.Property(a => a.Id).ValueGeneratedNever();
        builder.Property(a => a.HourlyPrice).HasPrecision(20, 12);
        builder.Property(a => a.ListHourlyPrice).HasPrecision(20, 12);
        builder.Property(a => a.Vcpu).HasPrecision(12, 4);
        builder.Property(a => a.MemoryGib).HasPrecision(12, 4);
        builder.Property(a => a.Currency).HasMaxLength(3);
        builder.Property(a => a.Node).HasMaxLength(300);
        builder.HasIndex(a => new { a.WorkloadId, a.Attempt }).IsUnique();
        // Invariant 1: one live allocation per workload, whatever happens above.
        builder.HasIndex(a => a.WorkloadId).IsUnique().HasFilter("ended_at is null").HasDatabaseName("ix_allocations_one_live");
        builder.HasIndex(a => a.Target).HasFilter("ended_at is null").HasDatabaseName("ix_allocations_target_live");
        builder.HasOne<Workload>().WithMany().HasForeignKey(a => a.WorkloadId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class WorkloadEventConfiguration : IEntityTypeConfiguration<WorkloadEvent>
{
    public void Configure(EntityTypeBuilder<WorkloadEvent> builder)
    {
        builder.ToTable("workload_events");
        builder.HasKey(e => e.Seq);
        builder.Property(e => e.Seq).UseIdentityAlwaysColumn();
        builder.Property(e => e.SourceId).HasMaxLength(100);
        builder.HasIndex(e => new { e.WorkloadId, e.SourceId }).IsUnique().HasFilter("source_id is not null");
        builder.HasIndex(e => new { e.WorkloadId, e.Seq });
        builder.HasOne<Workload>().WithMany().HasForeignKey(e => e.WorkloadId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class MetricPointConfiguration : IEntityTypeConfiguration<MetricPoint>
{
    public void Configure(EntityTypeBuilder<MetricPoint> builder)
    {
        builder.ToTable("metric_points");
        builder.Property(p => p.Id).UseIdentityAlwaysColumn();
        builder.Property(p => p.Name).HasMaxLength(MetricLine.MaxNameLength);
        builder.HasIndex(p => new { p.WorkloadId, p.Name, p.Step }).IsUnique().HasFilter("step is not null").HasDatabaseName("ix_metric_points_step");
        builder.HasIndex(p => new { p.WorkloadId, p.Name, p.At });
        builder.HasOne<Workload>().WithMany().HasForeignKey(p => p.WorkloadId).OnDelete(DeleteBehavior.Restrict);
    }
}
