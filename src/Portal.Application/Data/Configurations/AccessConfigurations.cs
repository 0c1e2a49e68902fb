using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Application.Data.Configurations;

internal sealed class PortalUserConfiguration : IEntityTypeConfiguration<PortalUser>
{
    public void Configure(EntityTypeBuilder<PortalUser> builder)
    {
        builder.ToTable("users");
        builder.Property(u => u.DisplayName).HasMaxLength(100);
    }
}

internal sealed class TeamConfiguration : IEntityTypeConfiguration<Team>
{
    public void Configure(EntityTypeBuilder<Team> builder)
    {
        builder.ToTable("teams", t => t.HasCheckConstraint("ck_teams_slug", "slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'"));
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.Property(t => t.Slug).HasMaxLength(40);
        builder.Property(t => t.Name).HasMaxLength(100);
        builder.Property(t => t.CostCentre).HasMaxLength(60);
        builder.HasIndex(t => t.Slug).IsUnique();
    }
}

internal sealed class TeamMemberConfiguration : IEntityTypeConfiguration<TeamMember>
{
    public void Configure(EntityTypeBuilder<TeamMember> builder)
    {
        builder.ToTable("team_members");
        builder.HasKey(m => new { m.TeamId, m.UserId });
        builder.HasOne<Team>().WithMany().HasForeignKey(m => m.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class ResourceLimitConfiguration : IEntityTypeConfiguration<ResourceLimit>
{
    public void Configure(EntityTypeBuilder<ResourceLimit> builder)
    {
        builder.ToTable("resource_limits", t => t.HasCheckConstraint("ck_resource_limits_holder", "(user_id is null) <> (team_id is null)"));
        builder.Property(l => l.Id).ValueGeneratedNever();
        builder.Property(l => l.GpusJson).HasColumnName("gpus").HasColumnType("jsonb");
        builder.Property(l => l.Vcpu).HasPrecision(12, 3);
        builder.Property(l => l.HourlyPrice).HasPrecision(20, 12);
        builder.Property(l => l.RowVersion).IsRowVersion();
        builder.HasIndex(l => l.TeamId).IsUnique();
        builder.HasIndex(l => l.UserId).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(l => l.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(l => l.UserId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class AccessTokenConfiguration : IEntityTypeConfiguration<AccessToken>
{
    public void Configure(EntityTypeBuilder<AccessToken> builder)
    {
        builder.ToTable("access_tokens");
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.Property(t => t.Name).HasMaxLength(100);
        builder.Property(t => t.Prefix).HasMaxLength(16);
        builder.HasIndex(t => t.Hash).IsUnique();
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class EntryCodeConfiguration : IEntityTypeConfiguration<EntryCode>
{
    public void Configure(EntityTypeBuilder<EntryCode> builder)
    {
        builder.ToTable("entry_codes");
        builder.HasKey(c => c.Hash);
        builder.HasIndex(c => c.ExpiresAt);
    }
}

internal sealed class BrowserSessionConfiguration : IEntityTypeConfiguration<BrowserSession>
{
    public void Configure(EntityTypeBuilder<BrowserSession> builder)
    {
        builder.ToTable("browser_sessions");
        builder.Property(s => s.Id).ValueGeneratedNever();
        builder.HasIndex(s => s.UserId);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
