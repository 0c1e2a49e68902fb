using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Data.Configurations;

internal sealed class PolicyVersionConfiguration : IEntityTypeConfiguration<PolicyVersion>
{
    public void Configure(EntityTypeBuilder<PolicyVersion> builder)
    {
        builder.ToTable("policy_versions");
        builder.HasKey(p => p.Number);
        builder.Property(p => p.Number).ValueGeneratedNever();
        builder.Property(p => p.ListJson).HasColumnName("list").HasColumnType("jsonb");
        builder.Property(p => p.Note).HasMaxLength(500);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(p => p.PublishedById).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class ApprovalRequestConfiguration : IEntityTypeConfiguration<ApprovalRequest>
{
    public void Configure(EntityTypeBuilder<ApprovalRequest> builder)
    {
        builder.ToTable("approval_requests", t => t.HasCheckConstraint("ck_approval_requests_end", "(state = 'Waiting') = (ended_at is null)"));
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.Property(r => r.SubjectKind).HasMaxLength(20);
        builder.Property(r => r.Subject).HasMaxLength(60);
        builder.Property(r => r.Title).HasMaxLength(200);
        builder.Property(r => r.Reason).HasMaxLength(500);
        builder.Property(r => r.Rule).HasMaxLength(100);
        builder.Property(r => r.Why).HasMaxLength(2000);
        builder.Property(r => r.StepsJson).HasColumnName("steps").HasColumnType("jsonb");
        builder.Property(r => r.Hours).HasPrecision(12, 4);
        builder.Property(r => r.HourlyPrice).HasPrecision(20, 12);
        builder.Property(r => r.Currency).HasMaxLength(3);
        builder.Property(r => r.Amount).HasPrecision(20, 4);
        builder.Property(r => r.ChangeJson).HasColumnName("change").HasColumnType("jsonb");
        builder.Property(r => r.EndReason).HasMaxLength(1000);
        builder.Property(r => r.RowVersion).IsRowVersion();
        builder.HasIndex(r => r.ExpiresAt).HasFilter("state = 'Waiting'");
        // A workload waits for one answer at a time; a person asks once for the same access.
        builder.HasIndex(r => new { r.WorkloadId, r.Kind }).IsUnique().HasFilter("state = 'Waiting' and workload_id is not null").HasDatabaseName("ix_approval_requests_one_waiting");
        builder.HasIndex(r => new { r.RequesterId, r.SubjectKind, r.Subject }).IsUnique().HasFilter("state = 'Waiting' and workload_id is null").HasDatabaseName("ix_approval_requests_one_access");
        builder.HasIndex(r => new { r.RequesterId, r.CreatedAt });
        builder.HasIndex(r => new { r.Subject, r.EndedAt });
        builder.HasIndex(r => r.EndedAt);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(r => r.RequesterId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Team>().WithMany().HasForeignKey(r => r.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Workload>().WithMany().HasForeignKey(r => r.WorkloadId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class ApprovalDecisionConfiguration : IEntityTypeConfiguration<ApprovalDecision>
{
    public void Configure(EntityTypeBuilder<ApprovalDecision> builder)
    {
        builder.ToTable("approval_decisions");
        builder.Property(d => d.Id).ValueGeneratedNever();
        builder.Property(d => d.Comment).HasMaxLength(2000);
        builder.HasIndex(d => new { d.RequestId, d.Revision, d.ById }).IsUnique();
        builder.HasIndex(d => new { d.RequestId, d.Revision, d.OnBehalfOfId }).IsUnique();
        builder.HasOne<ApprovalRequest>().WithMany().HasForeignKey(d => d.RequestId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(d => d.ById).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(d => d.OnBehalfOfId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class DelegationConfiguration : IEntityTypeConfiguration<Delegation>
{
    public void Configure(EntityTypeBuilder<Delegation> builder)
    {
        builder.ToTable("delegations", t => t.HasCheckConstraint("ck_delegations_times", "ends_at > starts_at and from_user_id <> to_user_id"));
        builder.Property(d => d.Id).ValueGeneratedNever();
        builder.HasIndex(d => d.FromUserId);
        builder.HasIndex(d => new { d.ToUserId, d.EndsAt });
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(d => d.FromUserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(d => d.ToUserId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class AccessRestrictionConfiguration : IEntityTypeConfiguration<AccessRestriction>
{
    public void Configure(EntityTypeBuilder<AccessRestriction> builder)
    {
        builder.ToTable("access_restrictions");
        builder.HasKey(r => new { r.Kind, r.Slug });
        builder.Property(r => r.Slug).HasMaxLength(60);
        builder.Property(r => r.StepsJson).HasColumnName("steps").HasColumnType("jsonb");
        builder.Property(r => r.Reason).HasMaxLength(500);
    }
}

internal sealed class AccessGrantConfiguration : IEntityTypeConfiguration<AccessGrant>
{
    public void Configure(EntityTypeBuilder<AccessGrant> builder)
    {
        builder.ToTable("access_grants", t => t.HasCheckConstraint("ck_access_grants_holder", "(user_id is null) <> (team_id is null) and ends_at > starts_at"));
        builder.Property(g => g.Id).ValueGeneratedNever();
        builder.Property(g => g.Slug).HasMaxLength(60);
        builder.Property(g => g.RevokeReason).HasMaxLength(500);
        builder.HasIndex(g => new { g.Kind, g.Slug, g.EndsAt });
        builder.HasIndex(g => g.UserId);
        builder.HasIndex(g => g.TeamId);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(g => g.UserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(g => g.GrantedById).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Team>().WithMany().HasForeignKey(g => g.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<ApprovalRequest>().WithMany().HasForeignKey(g => g.RequestId).OnDelete(DeleteBehavior.Restrict);
    }
}
